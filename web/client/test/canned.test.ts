import { describe, expect, it } from "vitest";
import { expandCanned, openVariables, type CannedContext } from "../src/canned";

const context: CannedContext = {
  contact: { name: "Sofia Almeida", attributes: { plan: "gold", seats: 3 } },
  agent: { name: "林薇" },
  workspace: { name: "Cloud Ridge Tea" },
  inbox: { name: "Shop" },
  conversation: { number: 12 },
};

describe("expandCanned", () => {
  it("fills in what it knows", () => {
    expect(expandCanned("Hi {{contact.first_name}} ({{ contact.name }}), {{agent.name}} of {{workspace.name}}/{{inbox.name}} #{{conversation.number}} {{contact.attributes.plan}}{{contact.attributes.seats}}", context)).toBe(
      "Hi Sofia (Sofia Almeida), 林薇 of Cloud Ridge Tea/Shop #12 gold3",
    );
  });

  it("leaves the unknown and the empty visible", () => {
    const text = "{{contact.fax}} {{contact.attributes.none}} {{nonsense}} {{contact.attributes.constructor}}";
    expect(expandCanned(text, context)).toBe(text);
    expect(expandCanned("{{contact.first_name}}", { ...context, contact: { name: " " } })).toBe("{{contact.first_name}}");
    expect(openVariables("{{agent.name}} {{contact.attributes.none}}", context)).toEqual(["{{contact.attributes.none}}"]);
  });

  it("does not expand what a value brings in", () => {
    expect(expandCanned("{{contact.name}}", { ...context, contact: { name: "{{agent.name}}" } })).toBe("{{agent.name}}");
  });
});
