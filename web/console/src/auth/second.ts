import type { RouteLocationRaw } from "vue-router";

/** The sign-in page with a challenge: in the fragment, which reaches no server and no log. */
export function secondStep(challenge: string, back = "/"): RouteLocationRaw {
  return { name: "sign-in", hash: `#${new URLSearchParams({ challenge, return: back })}` };
}

/** Only a path of ours: `//elsewhere` is another site. */
export function localPath(path: unknown): string {
  return typeof path === "string" && /^\/(?!\/|\\)/.test(path) ? path : "/";
}
