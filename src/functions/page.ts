/** Cuts a list that was read one beyond its limit into a page that says where the next begins. */
export function pageOf<T>(
  read: readonly T[],
  limit: number,
  keyOf: (item: T) => string,
): { items: T[]; next?: string } {
  const items = read.slice(0, limit);
  return read.length > limit ? { items, next: keyOf(items.at(-1)!) } : { items };
}
