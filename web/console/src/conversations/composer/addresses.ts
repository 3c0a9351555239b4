import type { Addressed, Inbox, Message, Party } from "@patchbay/client/types";

/** Addresses of to, cc and bcc each, at most. */
export const MOST_PARTIES = 50;
/** Characters of a subject, at most. */
export const MOST_SUBJECT = 500;

const MOST_ADDRESS = 254;
const SPECIAL = /[\s@<>()[\]\\,;:"\p{Cc}]/u;

/** Whether a text is an e-mail address that can be written to. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || SPECIAL.test(local) || SPECIAL.test(domain) || new TextEncoder().encode(text).length > MOST_ADDRESS) return false;
  return local.split(".").every(Boolean) && domain.includes(".") && domain.split(".").every((label) => label !== "" && !label.startsWith("-") && !label.endsWith("-"));
}

/** Signs that end an address, Western and Chinese, outside quotes and angle brackets. */
const END = new Set([",", ";", "，", "；", "、", "\n", "\r", "\t"]);

/** The addresses of a text as people paste it: `Name <a@b>, c@d；e@f`. What is none comes as it was written. */
export function partiesIn(text: string): Party[] {
  return pieces(text.replaceAll("＠", "@").replaceAll("＜", "<").replaceAll("＞", ">")).flatMap(partiesOf);
}

function pieces(text: string): string[] {
  const out = [""];
  let quoted = false;
  let angled = false;
  for (const sign of text) {
    if (sign === '"' && !angled) quoted = !quoted;
    else if (sign === "<" && !quoted) angled = true;
    else if (sign === ">" && !quoted) angled = false;
    if (END.has(sign) && !quoted && !angled) out.push("");
    else out[out.length - 1] += sign;
  }
  return out.map((piece) => piece.trim()).filter(Boolean);
}

function partiesOf(piece: string): Party[] {
  const named = /^(.*?)\s*<\s*(?:mailto:)?([^<>]*?)\s*>$/su.exec(piece);
  if (named) {
    const name = named[1]!.trim().replace(/^["'“](.*)["'”]$/su, "$1").replaceAll('\\"', '"').trim();
    return [party(named[2]!, name)];
  }
  const words = piece.split(/\s+/u);
  if (words.length > 1 && words.every((word) => word.includes("@"))) return words.map((word) => party(word));
  return [party(piece.replace(/^mailto:/iu, ""))];
}

const party = (address: string, name = ""): Party => ({ address: address.trim().toLowerCase(), ...(name && name.toLowerCase() !== address.trim().toLowerCase() && { name }) });

/** A list with more addresses in it, each once. */
export function withParties(list: readonly Party[], added: readonly Party[]): Party[] {
  const out = [...list];
  for (const one of added) if (!out.some(({ address }) => address === one.address)) out.push(one);
  return out;
}

/** An address without the part after "+", which servers put there to know an answer by. */
const plain = (address: string) => address.toLowerCase().replace(/^([^+@]+)\+[^@]*@/u, "$1@");

/** The addresses that inboxes say are theirs in their settings. */
export function ownOf(inboxes: readonly Pick<Inbox, "config">[]): Set<string> {
  return new Set(inboxes.flatMap(({ config }) => Object.values(config)).filter((value): value is string => typeof value === "string" && isAddress(value)).map(plain));
}

const ANSWERS = ["re", "aw", "sv", "回复", "答复", "回覆"];

/** The subject of an answer, as the server makes it. */
export function answerSubject(subject: string): string {
  const head = subject.replaceAll("：", ":").split(":")[0]!;
  return ANSWERS.includes(head.trim().toLowerCase()) ? subject : `Re: ${subject}`.trim();
}

/** The message whose envelope an answer goes by: the customer's last one that has one. */
export function askedIn(messages: readonly Message[]): Message | undefined {
  return messages.findLast((one) => one.sender.kind === "contact" && one.kind === "text" && one.envelope !== undefined && !one.participant);
}

/** To whom an answer to a message goes: its author alone, as the server addresses what says nothing. */
export function answerTo(asked: Message | undefined): Addressed {
  const envelope = asked?.envelope;
  if (!envelope) return {};
  const whom = envelope.reply_to?.address ? envelope.reply_to : envelope.from;
  return { subject: answerSubject(envelope.subject ?? ""), ...(whom?.address && { to: [whom] }) };
}

/** The same to everybody who is on its envelope and is not us. */
export function answerAll(asked: Message | undefined, own: ReadonlySet<string>): Addressed {
  const answer = answerTo(asked);
  const there = new Set((answer.to ?? []).map(({ address }) => address));
  const others = withParties([], [...(asked?.envelope?.to ?? []), ...(asked?.envelope?.cc ?? [])]).filter(({ address }) => !there.has(address) && !own.has(plain(address)));
  return { ...answer, ...(others.length > 0 && { cc: others.slice(0, MOST_PARTIES) }) };
}

const lists = ["to", "cc", "bcc"] as const;

/** Everybody on an envelope. */
export const recipientsOf = (envelope: Addressed) => lists.flatMap((list) => envelope[list] ?? []);

export function sameAddressed(a: Addressed, b: Addressed): boolean {
  const said = (one: Addressed) => JSON.stringify([one.subject ?? "", ...lists.map((list) => (one[list] ?? []).map(({ address }) => address))]);
  return said(a) === said(b);
}

/** What keeps a message from being sent by an envelope. */
export function faultOf(envelope: Addressed): "address" | "nobody" | "many" | "subject" | undefined {
  if (recipientsOf(envelope).some(({ address }) => !isAddress(address))) return "address";
  if (recipientsOf(envelope).length === 0) return "nobody";
  if (lists.some((list) => (envelope[list] ?? []).length > MOST_PARTIES)) return "many";
  return [...(envelope.subject ?? "")].length > MOST_SUBJECT ? "subject" : undefined;
}

/** Who may be meant by what is typed: people of the conversation first. */
export function suggestedFor(typed: string, known: readonly Party[], taken: readonly Party[]): Party[] {
  const query = typed.trim().toLowerCase();
  const fits = ({ address, name }: Party) => `${name ?? ""} ${address}`.toLowerCase().includes(query);
  return withParties([], known).filter((one) => fits(one) && isAddress(one.address) && !taken.some(({ address }) => address === one.address)).slice(0, 6);
}

/** Everybody on the envelopes of a conversation who is not us, the latest first. */
export function peopleIn(messages: readonly Message[], own: ReadonlySet<string>): Party[] {
  const all = [...messages].reverse().flatMap(({ envelope }) => (envelope ? [...(envelope.from ? [envelope.from] : []), ...(envelope.to ?? []), ...(envelope.cc ?? []), ...(envelope.bcc ?? [])] : []));
  return withParties([], all.filter(({ address }) => address !== "" && !own.has(plain(address))));
}
