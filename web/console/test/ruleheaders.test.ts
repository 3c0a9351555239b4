import { describe, expect, it } from "vitest";
import { decoded, readHeaders } from "@/rules/headers";

describe("headers of a mail that somebody pastes", () => {
  it("says who sent it to whom, in all of its lines", () => {
    const said = readHeaders('Received: from x\r\nFrom: "Ann, B." <Ann@Shop.example>\r\nTo: help+vip@us.example,\r\n\tBoss <boss@us.example>\r\nCc: c@us.example\r\nSubject: Order 42\r\n\r\nTo: not@this.example');
    expect(said).toEqual({ from: "ann@shop.example", to: ["help+vip@us.example", "boss@us.example", "c@us.example"], subject: "Order 42" });
  });

  it.each([
    ["=?utf-8?B?6YCA5qy+?=", "退款"],
    ["=?gb18030?B?zcu/7g==?= 42", "退款 42"],
    ["=?utf-8?Q?caf=C3=A9_au?= =?utf-8?Q?_lait?=", "café au lait"],
    ["=?nonsense?B?AAAA?=", "=?nonsense?B?AAAA?="],
    ["plain", "plain"],
  ])("reads %s", (text, want) => expect(decoded(text)).toBe(want));

  it.each([
    ["Auto-Submitted: auto-replied", true],
    ["Auto-Submitted: no", undefined],
    ["Precedence: bulk", true],
    ["List-Id: <x.y>", true],
    ["Subject: bulk", undefined],
  ])("knows machines by %s", (line, want) => expect(readHeaders(line).automatic).toBe(want));

  it("finds who is verified", () => {
    expect(readHeaders("Authentication-Results: mx; dkim=pass header.d=x").verified).toBe(true);
    expect(readHeaders("Authentication-Results: mx; dkim=fail").verified).toBeUndefined();
    expect(readHeaders("")).toEqual({});
  });
});
