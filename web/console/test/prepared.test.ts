import { describe, expect, it } from "vitest";
import type { MessageTemplate, MessageTemplateField } from "@patchbay/client/api";
import { faultOf, keyOf, partsOf, renderedText, suggestionsOf, usedValues } from "@/prepared/templates";

const field = (name: string, more: Partial<MessageTemplateField> = {}): MessageTemplateField => ({ name, label: name, ...more });
const parcel: MessageTemplate = {
  id: "parcel", language: "en", name: "Parcel", header: "Order {{order}}", text: "Hello {{name}}, {{name}}!{{ps}}", footer: " {{ps}} ",
  fields: [field("name", { label: "Name" }), field("order", { max_length: 4 }), field("ps", { optional: true }), field("link", { optional: true })],
};

describe("what a customer reads", () => {
  it("has its values, a paragraph each, without parts that are empty", () => {
    expect(renderedText(parcel, { name: " Bo ", order: "12" })).toBe("Order 12\n\nHello Bo, Bo!");
    expect(renderedText(parcel, { name: "Bo", order: "12", ps: "PS" })).toBe("Order 12\n\nHello Bo, Bo!PS\n\nPS");
  });

  it("takes a value for what it is, and knows no other places", () => {
    expect(renderedText({ ...parcel, text: "{{name}} {{nobody}} {{ name }}" }, { name: "{{order}}", order: "1" })).toBe("Order 1\n\n{{order}} {{nobody}} {{ name }}");
  });

  it("shows what is missing in its place", () => {
    expect(partsOf("a {{name}}{{ps}} b", parcel.fields, {})).toEqual([{ text: "a " }, { text: "Name", field: "name", open: true }, { text: "", field: "ps" }, { text: " b" }]);
  });
});

describe("values", () => {
  it("are needed unless they are optional, and counted as people count", () => {
    expect(faultOf(field("a"), "  ")).toBe("required");
    expect(faultOf(field("a", { optional: true }), undefined)).toBeUndefined();
    expect(faultOf(field("a", { max_length: 2 }), "茶🍵")).toBeUndefined();
    expect(faultOf(field("a", { max_length: 2 }), "茶🍵!")).toBe("max_length");
  });

  it("are sent trimmed, without empty ones and strangers", () => {
    expect(usedValues(parcel.fields, { name: " Bo ", order: "", stranger: "x" })).toEqual({ name: "Bo" });
  });

  it("are suggested where they are meant", () => {
    const known = { contact: "林晓雨", agent: "Mei", tickets: ["#4", "#5"], conversation: "#12" };
    expect(suggestionsOf(field("customer_name"), known)).toEqual(["林晓雨"]);
    expect(suggestionsOf(field("x", { label: "工单号" }), known)).toEqual(["#4", "#5"]);
    expect(suggestionsOf(field("agent_name"), known)).toEqual(["Mei"]);
    expect(suggestionsOf(field("courier"), known)).toEqual([]);
    expect(suggestionsOf(field("1"), known)).toEqual(["林晓雨", "#4", "#5"]);
    expect(suggestionsOf(field("name", { max_length: 2 }), known)).toEqual([]);
    expect(suggestionsOf(field("name"), { tickets: [] })).toEqual([]);
  });
});

it("keys tell languages apart", () => {
  expect(new Set([keyOf(parcel), keyOf({ id: "parcel" }), keyOf({ id: "parcel", language: "zh-CN" })]).size).toBe(3);
});
