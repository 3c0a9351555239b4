/** Whether the browser may tell: `absent` where it cannot (no such thing, or a page without TLS). */
export type Allowed = NotificationPermission | "absent";

export function permission(): Allowed {
  return "Notification" in globalThis && globalThis.isSecureContext ? Notification.permission : "absent";
}
