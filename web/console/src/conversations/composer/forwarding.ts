import type { Message } from "@patchbay/client/types";
import { MAX_TEXT } from "@/writing/limit";

/** Left free for what is said of it, in characters. */
const ROOM = 1_000;

type Translate = (key: string, values?: Record<string, string>) => string;

/** What is forwarded of a message, below what one says of it: whose it was, when, and all its text. */
export function forwardedText(message: Message, author: string, at: string, t: Translate): string {
  const { envelope, text, quoted } = message;
  const people = (envelope?.to ?? []).map((one) => one.name || one.address).join(", ");
  const from = envelope?.from ? [envelope.from.name, `<${envelope.from.address}>`].filter(Boolean).join(" ") : author;
  const head = [
    t("forwarding.head"),
    t("forwarding.from", { who: from }),
    t("forwarding.date", { at }),
    ...(envelope?.subject ? [t("forwarding.subject", { subject: envelope.subject })] : []),
    ...(people ? [t("forwarding.to", { people })] : []),
  ];
  const whole = [...[head.join("\n"), text, quoted].filter(Boolean).join("\n\n")];
  return `\n\n${whole.length > MAX_TEXT - ROOM ? whole.slice(0, MAX_TEXT - ROOM).join("") + t("forwarding.cut") : whole.join("")}`;
}

/** The subject it is forwarded under; one that says so already stays. */
export function forwardedSubject(message: Message, t: Translate): string {
  const subject = message.envelope?.subject ?? "";
  return /^\s*(fwd?|wg|转发|轉寄)\s*[:：]/iu.test(subject) ? subject : t("forwarding.prefix", { subject }).trim();
}
