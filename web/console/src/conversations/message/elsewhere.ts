import { readStored, writeStored } from "@/ui/stored";

const KEY = "pictures-of";
const MOST = 500;

function known(): string[] {
  try {
    const held: unknown = JSON.parse(readStored(KEY) ?? "[]");
    return Array.isArray(held) ? held.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Whether this browser loads the pictures that a sender's messages have elsewhere without asking. */
export const showsPicturesOf = (sender: string | undefined): boolean => Boolean(sender) && known().includes(sender as string);

/** From now on it does; of the senders of whom it does, the last 500 are remembered. */
export function showPicturesOf(sender: string | undefined): void {
  if (sender) writeStored(KEY, JSON.stringify([...known().filter((one) => one !== sender), sender].slice(-MOST)));
}
