/** A message as members or as customers see it. */
interface Told {
  id: string;
  recalled?: boolean;
  recalled_at?: string;
  reply_to?: { id: string; text: string; attachment_kind?: string };
}

/** What was taken back says nothing any more, quotes of it neither. */
const gone = (message: Told | undefined) => Boolean(message?.recalled ?? message?.recalled_at);

/**
 * Puts the newest state of each message wherever it is told of, as the server does when it is asked. A quote of a
 * message that was taken back is empty.
 */
export function retold<Message extends Told, Change extends { message?: Message }>(changes: readonly Change[]): Change[] {
  const newest = new Map(changes.flatMap(({ message }) => (message ? [[message.id, message] as const] : [])));
  return changes.map((change) => {
    const message = change.message && silent(newest.get(change.message.id)!, newest);
    return message && message !== change.message ? { ...change, message } : change;
  });
}

function silent<Message extends Told>(message: Message, newest: ReadonlyMap<string, Message>): Message {
  const quote = message.reply_to;
  if (!quote || (!quote.text && !quote.attachment_kind) || !gone(newest.get(quote.id))) return message;
  return { ...message, reply_to: { ...quote, text: "", attachment_kind: undefined } };
}
