/** Where a loader came from: all it needs to know. */
export interface Place {
  origin: string;
  inbox: string;
  /** The folder of the widget's files, with a slash at its end. */
  base: string;
}

/** Reads https://HOST/[folders/]w/<inbox>/loader.js. */
export function placeOf(src: string): Place {
  const { href: base, origin } = new URL(".", src);
  return { base, origin, inbox: base.split("/").at(-2)! };
}
