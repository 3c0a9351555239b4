/**
 * Which key does what, by the part of the console where it is on. `test/keymap.test.ts` sees to it that
 * no two of what is on at once share a key, and that no key is written anywhere else.
 */
export const keymap = {
  anywhere: { palette: "Mod+k", search: "g", find: "/", help: "?", notifications: "b", conversations: "1", tickets: "2", contacts: "3", ratings: "4", settings: "5", wall: "0" },
  conversationList: { next: "j", previous: "k", open: "o", views: "v", filter: "y", select: "x", begin: "+" },
  conversation: {
    reply: "r", note: "n", quote: "q", attach: "f", canned: "/", later: "t", snooze: "s", assign: "a", labels: "l", priority: "p",
    participants: "c", follow: "w", merge: "m", ticket: "z", trace: "d", messages: "h", resolve: "e", panel: "i", plugins: "u", template: ".", address: "@", whisper: ",", watch: "6", takeOver: "7", close: "Escape",
  },
  /** Of the conversation that rings, over any page. */
  offers: { accept: "8", reject: "9" },
  /** With Ctrl or Command, in the text itself. */
  writing: { address: ";" },
  /** In the text, while it is empty. */
  empty: { amend: "ArrowUp" },
  /** In the text of a message that is edited. */
  editing: { leave: "Escape" },
  selection: { none: "Escape" },
  tickets: { find: "/", filter: "y", board: "v", add: "n" },
  ticketList: { next: "j", previous: "k", open: "o", select: "x" },
  ticket: {
    reply: "r", note: "n", attach: "f", canned: "/", assign: "a", take: "z", status: "s", solve: "e", title: "t", labels: "l",
    followers: "c", link: "i", follow: "w", merge: "m", back: "Escape",
  },
  contacts: { find: "/", add: "n" },
  people: { next: "j", previous: "k" },
  contact: { begin: "+", merge: "m", back: "Escape" },
  organisations: { find: "/", next: "j", previous: "k" },
  organisation: { back: "Escape" },
  wall: { next: "j", previous: "k", select: "x", full: "f", settle: "u", close: "Escape" },
} as const;

/** Parts that are on the screen at once. */
export const together: readonly (readonly (keyof typeof keymap)[])[] = [
  ["anywhere", "offers", "conversationList", "conversation", "selection", "writing", "empty", "editing"],
  ["anywhere", "offers", "tickets", "ticketList", "selection"],
  ["anywhere", "offers", "ticket"],
  ["anywhere", "offers", "contacts", "people"],
  ["anywhere", "offers", "contact"],
  ["anywhere", "offers", "organisations"],
  ["anywhere", "offers", "organisation", "people"],
  ["anywhere", "offers", "wall", "selection"],
];

/** Keys of which what is nearer has its own meaning, by intent: leaving, and looking for something. */
export const layered: readonly string[] = ["Escape", "/"];
