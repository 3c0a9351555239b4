/** The bytes of base64url. */
export function keyBytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** Bytes as base64url, without padding. */
export function keyText(bytes: ArrayBuffer | null | undefined): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

/** A subscription as the server takes it. */
export function written(subscription: PushSubscription): { endpoint: string; key: string; auth: string } {
  return { endpoint: subscription.endpoint, key: keyText(subscription.getKey("p256dh")), auth: keyText(subscription.getKey("auth")) };
}
