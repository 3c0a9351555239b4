import type { RuleTrialOf } from "@patchbay/client/api";

/** What the headers of a mail say, as far as rules ask; what is not there is left out. */
export function readHeaders(text: string): RuleTrialOf {
  const fields = fieldsOf(text);
  const one = (name: string) => fields.find((field) => field.name === name)?.value;
  const from = addresses(one("from") ?? "")[0];
  const to = fields.filter(({ name }) => name === "to" || name === "cc").flatMap(({ value }) => addresses(value));
  const subject = one("subject");
  const results = one("authentication-results");
  return {
    ...(from ? { from } : {}),
    ...(to.length > 0 ? { to } : {}),
    ...(subject ? { subject: decoded(subject) } : {}),
    ...(fields.some(isMachine) ? { automatic: true } : {}),
    ...(results && /\b(dmarc|dkim)=pass\b/i.test(results) ? { verified: true } : {}),
  };
}

interface HeaderField {
  name: string;
  value: string;
}

/** Header fields, with those that go on in the next line put together, up to the first empty line. */
function fieldsOf(text: string): HeaderField[] {
  const out: HeaderField[] = [];
  for (const line of text.trim().split(/\r?\n/)) {
    if (line === "") break;
    const field = /^([!-9;-~]+):\s*(.*)$/.exec(line);
    if (/^[ \t]/.test(line) && out.length > 0) out[out.length - 1]!.value += ` ${line.trim()}`;
    else if (field) out.push({ name: field[1]!.toLowerCase(), value: field[2]! });
  }
  return out;
}

/** Fields by which machines and lists are known (RFC 3834, RFC 2919). */
function isMachine({ name, value }: HeaderField): boolean {
  if (name === "auto-submitted") return !/^no\b/i.test(value);
  if (name === "precedence") return /^(bulk|list|junk|auto_reply)\b/i.test(value);
  return name === "list-id" || name === "list-unsubscribe" || name === "x-auto-response-suppress";
}

/** The addresses of a list of them. */
export const addresses = (text: string): string[] => (text.match(/[^\s<>,;:"()]+@[^\s<>,;:"()]+/g) ?? []).map((one) => one.toLowerCase());

/** A text with its encoded words (RFC 2047) read; blanks between two of them are not there. */
export function decoded(text: string): string {
  return text.replace(/(=\?[^?]+\?[bq]\?[^?]*\?=)\s+(?==\?)/gi, "$1").replace(/=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi, (whole, charset: string, how: string, body: string) => {
    try {
      const bytes = how.toLowerCase() === "b" ? Uint8Array.from(atob(body), (c) => c.charCodeAt(0)) : quoted(body);
      return new TextDecoder(charset).decode(bytes);
    } catch {
      return whole;
    }
  });
}

function quoted(text: string): Uint8Array {
  const out: number[] = [];
  const plain = text.replaceAll("_", " ");
  for (let i = 0; i < plain.length; i++) {
    const hex = plain[i] === "=" ? /^[0-9a-f]{2}/i.exec(plain.slice(i + 1)) : null;
    out.push(hex ? parseInt(hex[0], 16) : plain.charCodeAt(i));
    if (hex) i += 2;
  }
  return Uint8Array.from(out);
}
