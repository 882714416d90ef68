import { limits } from "#contract/limits.ts";

/** Cuts a list that was read one beyond its limit into a page that says where the next begins. */
export function pageOf<T>(
  read: readonly T[],
  limit: number,
  keyOf: (item: T) => string,
): { items: T[]; next?: string } {
  const items = read.slice(0, limit);
  return read.length > limit ? { items, next: keyOf(items.at(-1)!) } : { items };
}

/** A page of a list that is at hand whole. `after` is the key of one of its items; behind any other there is nothing. */
export function pageAfter<T>(
  all: readonly T[],
  after: string | undefined,
  limit: number,
  keyOf: (item: T) => string,
): { items: T[]; next?: string } {
  const found = after === undefined ? -1 : all.findIndex((item) => keyOf(item) === after);
  const start = after !== undefined && found < 0 ? all.length : found + 1;
  return pageOf(all.slice(start), limit, keyOf);
}

/** What a list of registrations is asked for, apart from the page. */
export interface Search {
  readonly topic?: string;
  readonly search?: string;
}

/** A page of registrations. One that is searched for ends when it is full, or when as many as a page may hold were looked at. */
export async function searchedPage<T>(
  input: Search & { readonly after?: string; readonly limit: number },
  read: (after: string | undefined, limit: number) => Promise<T[]>,
  keyOf: (item: T) => string,
  isWanted: (item: T) => boolean,
): Promise<{ items: T[]; next?: string }> {
  const isSearch = input.topic !== undefined || input.search !== undefined;
  const readMax = isSearch ? limits.listMax : input.limit;
  const looked = pageOf(await read(input.after, readMax + 1), readMax, keyOf);
  if (!isSearch) return looked;
  const page = pageOf(looked.items.filter(isWanted), input.limit, keyOf);
  return page.next === undefined && looked.next !== undefined ? { ...page, next: looked.next } : page;
}

/** Whether a registration is among those that a list is asked for. */
export function isSought(
  { topic, search }: Search,
  registration: { readonly id: string; readonly name?: string | undefined; readonly topics: readonly string[] },
): boolean {
  if (topic !== undefined && !registration.topics.includes(topic)) return false;
  if (search === undefined) return true;
  return registration.id.startsWith(search) || !!registration.name?.toLowerCase().includes(search.toLowerCase());
}

/** A text after which, in byte order, come exactly the names from this prefix on. Names are ASCII below U+007F. */
export function justBefore(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return `${prefix.slice(0, -1)}${String.fromCharCode(last - 1)}\u007f`;
}
