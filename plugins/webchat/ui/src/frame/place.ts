/** Where the frame came from. */
export interface FramePlace {
  inbox: string;
  /** What precedes /api and /w: the origin, and the folder a proxy may put us in. */
  root: string;
}

/** Reads https://HOST/[folders]/w/<inbox>/frame.html. */
export function framePlaceOf(url: string): FramePlace {
  const parts = url.replace(/[?#].*/, "").split("/");
  return { inbox: parts.at(-2) ?? "", root: parts.slice(0, -3).join("/") };
}
