/** What the console imports for the live protocol and its reducers. */
export { MemberSocket, wireMessage, type FeedRange, type MemberHandlers, type MemberMessage, type MemberOptions, type Stored } from "./live/member";
export { TypingSignal, type Typist } from "./live/typing";
export { webStorage } from "./live/storage";
export { intervalTicker, socketURL, type Environment, type SocketLike, type Ticker } from "./live/environment";
export {
  applyChanges,
  applyOlder,
  applyToPages,
  emptyTimeline,
  entriesOf,
  gapAfter,
  listed,
  matches,
  newerConversation,
  orderOf,
  placeInPages,
  viewFilter,
  type BuiltinView,
  type ConversationFilter,
  type ListSort,
  type ListWorld,
  type Timeline,
  type TimelineEntry,
  type View,
} from "./apply";
export { uuidv7 } from "./uuid";
export { isQuiet } from "./quiet";
export type { LinkState, LinkStatus, Trouble } from "./live/link";
export type { OutboxEntry, OutboxStorage } from "./live/outbox";
export type { Looker } from "./live/frames";
export { Upload, uploadTransport, type UploadPhase, type UploadProgress, type UploadState, type UploadTransport } from "./upload";
export { expandCanned, openVariables, type CannedContext } from "./canned";
export {
  agoOf,
  spanOf,
  allOf,
  conditionsOf,
  filterFields,
  filterLimits,
  isRestless,
  judge,
  operatorsOf,
  readFilter,
  valuesOf,
  type FilterField,
  type FilterKind,
  type FilterWorld,
  type Verdict,
} from "./filter";
export {
  applyToHistory,
  byTicketSort,
  emptyHistory,
  judgeTicket,
  openStatuses,
  placeTicket,
  ticketFields,
  ticketGap,
  ticketPriorities,
  ticketSorts,
  ticketStatuses,
  ticketText,
  type TicketHistory,
} from "./ticket";
export { aboutTicket, newerTicket, withLinked } from "./tickets";
