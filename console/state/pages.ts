import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { BellwetherError, Page } from "#client/mod.ts";
import { connectionNumber, revivals } from "./connection.ts";
import { asError } from "./live.ts";

interface Loaded<T> {
  readonly after: string | undefined;
  readonly page: Page<T>;
}

/** A list that is read a page at a time, as far as somebody has looked. */
export interface Pages<T> {
  readonly items: readonly T[];
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly error: BellwetherError | undefined;
  /** Asks for the next page, if there is one and none is asked for. */
  readonly more: () => void;
  /** Asks for the first page again; what is shown stays until it is there. */
  readonly reload: () => void;
}

/** Reads pages on demand, and the first again every `everyMs`. */
export function usePages<T>(
  load: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  deps: readonly unknown[],
  everyMs?: number,
): Pages<T> {
  const [pages, setPages] = useState<readonly Loaded<T>[]>([]);
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<BellwetherError>();
  const latest = useRef(load);
  latest.current = load;
  const leaving = useRef(new AbortController());
  const busy = useRef(false);
  const key = JSON.stringify([connectionNumber.value, ...deps]);

  const fetchPage = useCallback(async (after: string | undefined): Promise<void> => {
    if (busy.current) return;
    const { signal } = leaving.current;
    busy.current = true;
    setLoading(true);
    try {
      const page = await pageWithItems(latest.current, after, signal);
      if (signal.aborted) return;
      setPages((before) => withPage(before, { after, page }));
      setError(undefined);
    } catch (thrown) {
      if (!signal.aborted) setError(asError(thrown));
    } finally {
      if (!signal.aborted) {
        busy.current = false;
        setLoading(false);
      }
    }
  }, []);

  // Dependencies: what is asked for is in the key
  useEffect(() => {
    leaving.current = new AbortController();
    busy.current = false;
    setPages([]);
    void fetchPage(undefined);
    const timer =
      everyMs === undefined
        ? undefined
        : setInterval(() => {
            if (!document.hidden) void fetchPage(undefined);
          }, everyMs);
    return () => {
      clearInterval(timer);
      leaving.current.abort();
    };
  }, [key]);

  useEffect(() => {
    void fetchPage(undefined);
  }, [revivals.value]);

  const next = pages.at(-1)?.page.next;
  return {
    items: pages.flatMap(({ page }) => page.items),
    isLoading,
    hasMore: next !== undefined,
    error,
    more: () => {
      if (next !== undefined) void fetchPage(next);
    },
    reload: () => void fetchPage(undefined),
  };
}

/** A filtered page may be empty while there is more: a few are passed over. */
async function pageWithItems<T>(
  load: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Page<T>> {
  let page = await load(after, signal);
  for (let passed = 0; passed < 20 && page.items.length === 0 && page.next !== undefined; passed += 1) {
    page = await load(page.next, signal);
  }
  return page;
}

function withPage<T>(before: readonly Loaded<T>[], loaded: Loaded<T>): readonly Loaded<T>[] {
  const at = before.findIndex(({ after }) => after === loaded.after);
  if (at < 0) return [...before, loaded];
  // What follows is linked by `next`: if that changed, it is asked for again.
  const isLinked = before[at]!.page.next === loaded.page.next;
  return [...before.slice(0, at), loaded, ...(isLinked ? before.slice(at + 1) : [])];
}
