import type { ListPage } from "../types";

/** Every item of a list that is short enough to follow its pages at once. */
export async function everything<T>(page: (cursor?: string) => Promise<ListPage<T>>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined, first = true; first || cursor; first = false) {
    const { items: more, next_cursor } = await page(cursor);
    items.push(...more);
    cursor = next_cursor;
  }
  return items;
}
