import { describe, expect, it } from "vitest";
import { answerAll, answerSubject, answerTo, askedIn, faultOf, isAddress, ownOf, partiesIn, peopleIn, suggestedFor } from "@/conversations/composer/addresses";
import { forwardedSubject, forwardedText } from "@/conversations/composer/forwarding";
import { nextClose, roomIn } from "@/conversations/composer/windows";
import { at, conversation, message } from "./fixtures";

const t = (key: string, values: Record<string, string> = {}) => [key.split(".").at(-1), ...Object.values(values)].join(" ");
const party = (address: string, name?: string) => ({ address, ...(name && { name }) });

describe("addresses", () => {
  it("are read as people paste them", () => {
    expect(partiesIn('Wang Fang <Wang@Example.com>, c@d.cn; "Doe, Jane" <jane@d.cn>')).toEqual([party("wang@example.com", "Wang Fang"), party("c@d.cn"), party("jane@d.cn", "Doe, Jane")]);
    expect(partiesIn("王芳 ＜wang@d.cn＞；li＠d.cn，zhao@d.cn、qian@d.cn")).toEqual([party("wang@d.cn", "王芳"), party("li@d.cn"), party("zhao@d.cn"), party("qian@d.cn")]);
    expect(partiesIn("a@b.cn c@d.cn\ne@f.cn")).toEqual([party("a@b.cn"), party("c@d.cn"), party("e@f.cn")]);
    expect(partiesIn("mailto:a@b.cn; <mailto:c@d.cn>")).toEqual([party("a@b.cn"), party("c@d.cn")]);
    expect(partiesIn("not an address")).toEqual([party("not an address")]);
    expect(partiesIn(" ,;； ")).toEqual([]);
  });

  it.each(["a@b.cn", "first.last+tag@sub.example.com", "王芳@例子.中国", "o'neil@x.ie"])("%s is one", (text) => expect(isAddress(text)).toBe(true));
  it.each(["", "a", "@b.cn", "a@", "a@b", "a b@c.cn", "a@b..cn", ".a@b.cn", "a@-b.cn", "a@b.cn\n", "a<b@c.cn", `${"a".repeat(250)}@b.cn`])("%j is none", (text) => expect(isAddress(text)).toBe(false));

  it("are ours when an inbox says so, with a tag of a server's, too", () => {
    const own = ownOf([{ config: { address: "Care@Shop.test", name: "x", port: 25 } }]);
    const asked = message("m", { envelope: { from: party("alice@a.cn"), to: [party("care+k2f@shop.test"), party("bob@a.cn")], cc: [party("alice@a.cn"), party("carol@a.cn"), party("bob@a.cn")] } });
    expect(answerAll(asked, own)).toEqual({ subject: "Re:", to: [party("alice@a.cn")], cc: [party("bob@a.cn"), party("carol@a.cn")] });
    expect(peopleIn([asked], own).map((one) => one.address)).toEqual(["alice@a.cn", "bob@a.cn", "carol@a.cn"]);
  });
});

describe("an answer", () => {
  it("goes to whom the customer's last mail wants it, under its subject", () => {
    const mail = (id: string, over: object) => message(id, { envelope: { subject: id, from: party(`${id}@a.cn`) }, ...over });
    expect(askedIn([mail("one", {}), mail("third", { participant: true }), message("chat")])?.id).toBe("one");
    expect(answerTo(mail("one", {}))).toEqual({ subject: "Re: one", to: [party("one@a.cn")] });
    expect(answerTo(message("m", { envelope: { subject: "Re: x", from: party("a@a.cn"), reply_to: party("b@a.cn") } }))).toEqual({ subject: "Re: x", to: [party("b@a.cn")] });
    expect(answerTo(undefined)).toEqual({});
  });

  it.each([["x", "Re: x"], ["RE: x", "RE: x"], ["回复：订单", "回复：订单"], ["Resolved: x", "Re: Resolved: x"], ["", "Re:"]])("has the subject of %j", (subject, want) => expect(answerSubject(subject)).toBe(want));

  it("says what keeps it from being sent", () => {
    expect(faultOf({ to: [party("a@b.cn")] })).toBeUndefined();
    expect(faultOf({ cc: [party("a@b")] })).toBe("address");
    expect(faultOf({ subject: "x" })).toBe("nobody");
    expect(faultOf({ to: [party("a@b.cn")], subject: "x".repeat(501) })).toBe("subject");
    expect(faultOf({ to: Array.from({ length: 51 }, (_, n) => party(`a${n}@b.cn`)) })).toBe("many");
  });

  it("is offered whom it may be meant for", () => {
    const known = [party("alice@a.cn", "Alice"), party("bob@a.cn"), party("broken")];
    expect(suggestedFor("A.C", known, [party("bob@a.cn")])).toEqual([party("alice@a.cn", "Alice")]);
    expect(suggestedFor("ali", known, [])).toEqual([party("alice@a.cn", "Alice")]);
  });
});

describe("what is forwarded", () => {
  const mail = message("m", { text: "where?", quoted: "> old", envelope: { subject: "Order", from: party("a@a.cn", "Alice"), to: [party("care@shop.test")] } });

  it("is whole, below who wrote it and when", () => {
    expect(forwardedText(mail, "Alice", "noon", t)).toBe("\n\nhead\nfrom Alice <a@a.cn>\ndate noon\nsubject Order\nto care@shop.test\n\nwhere?\n\n> old");
    expect([...forwardedText({ ...mail, text: "😀".repeat(20_000) }, "Alice", "noon", t)].length).toBeLessThan(9_010);
  });

  it("says so in its subject, once", () => {
    expect(forwardedSubject(mail, t)).toBe("prefix Order");
    expect(forwardedSubject({ ...mail, envelope: { subject: "转发：Order" } }, t)).toBe("转发：Order");
  });
});

describe("what a channel still takes", () => {
  const now = Date.parse(at(0));
  const declared = { windows: [{ on: "message", quota: 5, seconds: 48 * 3600 }] };
  const open = (used: number, minutes = 40 * 60, quota: number | undefined = 5) => ({ on: "message", opened_at: at(-60), expires_at: at(minutes), used, ...(quota && { quota }) });
  const level = (...windows: ReturnType<typeof open>[]) => roomIn(conversation("c", { windows }), declared, now)?.level;

  it("is told by quota and time", () => {
    expect(roomIn(conversation("c"), undefined, now)).toBeUndefined();
    expect(roomIn(conversation("c", { windows: [open(2)] }), declared, now)).toMatchObject({ level: "plenty", left: 3, quota: 5, ms: 40 * 3_600_000 });
    expect([level(open(4)), level(open(5)), level(open(1, 30)), level(open(1, 0)), level()]).toEqual(["scarce", "used", "scarce", "closed", "closed"]);
    expect(level(open(5), open(0, 600, 1))).toBe("scarce");
    expect(roomIn(conversation("c", { windows: [open(9, 600, 0)] }), declared, now)).toEqual({ level: "plenty", ms: 36_000_000, opens: ["message"] });
    expect(roomIn(conversation("c", { windows: [open(1, -5)] }), declared, now)).toMatchObject({ closedAt: at(-5), opens: ["message"] });
  });

  it("changes when the next window closes", () => {
    expect(nextClose(conversation("c", { windows: [open(1, 60), open(1, -5), open(1, 30)] }), now)).toBe(Date.parse(at(30)));
    expect(nextClose(conversation("c"), now)).toBeUndefined();
  });
});
