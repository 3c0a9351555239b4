/** What the visitor's widget imports: small, no dependency, nothing of the member's side. */
export { VisitorSocket, type VisitorHandlers, type VisitorOptions } from "./live/visitor";
export { VisitorHttp, type CallbackReach, type CallbackWish, type OfflineMessage, type OfflineTicket, type PageView, type PreChat, type SessionRequest, type VisitorInbox, type VisitorMessage } from "./live/visitorhttp";
export { Upload, type UploadProgress, type UploadTransport } from "./upload";
export { TypingSignal } from "./live/typing";
export { webStorage } from "./live/storage";
export { socketURL, type Environment, type SocketLike } from "./live/environment";
export { threadOf, type ThreadItem } from "./thread";
export { uuidv7 } from "./uuid";
export { ApiError } from "./problem";
export type { QueueStanding } from "./live/frames";
export type { LinkState, LinkStatus, Trouble } from "./live/link";
export type { OutboxEntry, OutboxStorage } from "./live/outbox";
export type { Attachment, PublicChange, PublicMessage, PublicQuote, VisitorSession, WidgetSettings } from "./types";
