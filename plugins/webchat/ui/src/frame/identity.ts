/**
 * Whom an identity token (a JSON Web Token) is about, unproved: enough to see that the site means
 * somebody else than before. Only the server knows whether the token holds.
 */
export function subjectOf(token: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    return typeof sub === "string" ? sub : undefined;
  } catch {
    return undefined;
  }
}
