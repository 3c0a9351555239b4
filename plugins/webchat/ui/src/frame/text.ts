/** The longest text a message may have, in Unicode code points. */
export const TEXT_LIMIT = 4000;

/** Code points, which is how the server counts. */
export const lengthOf = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** What is sent: without the space around it, and without what no server could store (NUL, half surrogates). */
export const cleaned = (text: string): string =>
  text
    .replace(/\0/g, "")
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD")
    .trim();
