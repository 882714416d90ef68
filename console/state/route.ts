import { computed, signal } from "@preact/signals";

/**
 * Where the reader is: `#/topics/news?at=...`. The state of a view that somebody may want to send to another (topic,
 * moment, window, filter) lives here; tokens and keys never do.
 */
export interface Route {
  readonly view: string;
  /** What stands behind the view's name, as the topic's. */
  readonly item: string | undefined;
  readonly params: Readonly<Record<string, string>>;
}

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

export const route = computed(() => routeOf(hash.value));

/** The address of a place in the console. */
export function linkTo(
  view: string,
  item?: string | undefined,
  params: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(given).toString();
  const path = [view, ...(item === undefined ? [] : [item])].map(encodeURIComponent).join("/");
  return `#/${path}${query === "" ? "" : `?${query}`}`;
}

/** Changes parameters of this place, without another step in the history. An undefined or empty one is left out. */
export function setParams(changes: Readonly<Record<string, string | undefined>>): void {
  const { view, item, params } = route.value;
  const merged = { ...params, ...changes };
  const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined && value !== ""));
  history.replaceState(null, "", linkTo(view, item, kept));
  hash.value = location.hash;
}

/** Goes to another place. */
export function goTo(link: string): void {
  location.hash = link;
}

function routeOf(text: string): Route {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split("?", 2);
  const [view = "", item] = path.split("/").map(decoded);
  return { view: view === "" ? "overview" : view, item, params: paramsOf(query) };
}

function paramsOf(query: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...new URLSearchParams(query)].filter(([, value]) => value !== ""));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
