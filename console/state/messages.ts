import { useEffect, useRef, useState } from "preact/hooks";
import type { BellwetherError, BrowseQuery, Message, MessagePage } from "#client/mod.ts";
import { client, connectionNumber, revivals } from "./connection.ts";
import { asError } from "./live.ts";

/** Which of a topic's messages are looked at: those before a moment (without one: of now, live), and a filter. */
export interface MessagesQuestion {
  readonly topic: string;
  readonly at: string | undefined;
  readonly contains: string | undefined;
  readonly term: string | undefined;
  readonly key: string | undefined;
}

/** The newest first, as far back as somebody has looked. */
export interface Messages {
  readonly messages: readonly Message[];
  readonly error: BellwetherError | undefined;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** With a filter: how many messages were looked at. */
  readonly scanned: number;
  readonly more: () => void;
  readonly reload: () => void;
}

interface Held {
  readonly messages: readonly Message[];
  /** Where the messages before these are. */
  readonly before: string;
  readonly hasMore: boolean;
  readonly scanned: number;
}

const pageMessages = 50;
/** Live, older messages are let go of; scrolled back to, they are asked for again. */
const heldMax = 2_000;
const liveEveryMs = 1_500;
/** A filtered question makes the service look at many messages: not so often. */
const filteredEveryMs = 4_000;
/** How many scans one press may take before it is left to the reader to go on. */
const scansMax = 20;

/** Looks at messages without consuming them. */
export function useMessages(question: MessagesQuestion): Messages {
  const [held, setHeld] = useState<Held>();
  const [error, setError] = useState<BellwetherError>();
  const [isLoading, setLoading] = useState(false);
  const isReadingOlder = useRef(false);
  const isReadingNewer = useRef(false);
  const leaving = useRef(new AbortController());
  const isFiltered = question.contains !== undefined || question.term !== undefined || question.key !== undefined;
  const key = JSON.stringify([connectionNumber.value, question]);

  const read = async (busy: { current: boolean }, step: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    if (busy.current) return;
    const { signal } = leaving.current;
    busy.current = true;
    try {
      await step(signal);
      if (!signal.aborted) setError(undefined);
    } catch (thrown) {
      if (!signal.aborted) setError(asError(thrown));
    }
    if (!signal.aborted) busy.current = false;
  };

  const older = (from: Held | undefined): Promise<void> =>
    read(isReadingOlder, async (signal) => {
      setLoading(true);
      let before = from?.before ?? question.at ?? "latest";
      try {
        for (let scans = 0, found = 0; scans < scansMax && found === 0; scans += 1) {
          const page = await browse(question, before, signal);
          if (signal.aborted) return;
          const asked = before;
          setHeld((held) => (held === undefined || held.before === asked ? withOlder(held, page) : held));
          before = page.cursor;
          found += page.messages.length;
          if (page.pollAfterMs !== 0) return;
        }
      } finally {
        if (!signal.aborted) setLoading(false);
      }
    });

  const newer = (): Promise<void> =>
    read(isReadingNewer, async (signal) => {
      const page = await browse(question, "latest", signal);
      if (!signal.aborted) setHeld((before) => withNewer(before, page));
    });

  // Dependencies: the question is in the key
  useEffect(() => {
    leaving.current = new AbortController();
    isReadingOlder.current = false;
    isReadingNewer.current = false;
    setHeld(undefined);
    void older(undefined);
    const timer = setInterval(
      () => {
        if (question.at === undefined && !document.hidden) void newer();
      },
      isFiltered ? filteredEveryMs : liveEveryMs,
    );
    return () => {
      clearInterval(timer);
      leaving.current.abort();
    };
  }, [key]);

  const reload = (): void => void (question.at === undefined && held ? newer() : older(held));
  // Back again: what is shown stays, and what came in the meantime is added.
  useEffect(() => {
    if (revivals.value > 0) reload();
  }, [revivals.value]);

  return {
    messages: held?.messages ?? [],
    error,
    isLoading: isLoading || (held === undefined && error === undefined),
    hasMore: held?.hasMore ?? false,
    scanned: held?.scanned ?? 0,
    more: () => {
      if (held?.hasMore) void older(held);
    },
    reload,
  };
}

function browse(
  { topic, contains, term, key }: MessagesQuestion,
  before: string,
  signal: AbortSignal,
): Promise<MessagePage> {
  const query: BrowseQuery = {
    before,
    limit: pageMessages,
    ...(contains !== undefined && { contains }),
    ...(term !== undefined && { term }),
    ...(key !== undefined && { key }),
  };
  return client.value.browseMessages(topic, query, { signal });
}

function withOlder(before: Held | undefined, page: MessagePage): Held {
  return {
    messages: union(before?.messages ?? [], newestFirst(page)),
    before: page.cursor,
    hasMore: page.pollAfterMs === 0,
    scanned: (before?.scanned ?? 0) + (page.scanned ?? page.messages.length),
  };
}

/** What came in the meantime. When more came than a page holds, what was held would leave a hole and is let go of. */
function withNewer(before: Held | undefined, page: MessagePage): Held {
  const found = newestFirst(page);
  const known = new Set(before?.messages.map(({ id }) => id));
  const meets = found.some(({ id }) => known.has(id)) || page.pollAfterMs !== 0;
  if (!before || (!meets && found.length > 0)) return withOlder(undefined, page);
  const messages = union(found, before.messages);
  if (messages.length <= heldMax) return { ...before, messages };
  const kept = messages.slice(0, heldMax);
  return { ...before, messages: kept, before: justAfter(kept.at(-1)!), hasMore: true };
}

const newestFirst = ({ messages }: MessagePage): Message[] => [...messages].reverse();

/** Both, in this order, each message once. */
function union(first: readonly Message[], then: readonly Message[]): Message[] {
  const known = new Set(first.map(({ id }) => id));
  return [...first, ...then.filter(({ id }) => !known.has(id))];
}

/** The time before which this message and all others of its millisecond lie. */
function justAfter({ publishedAt }: Message): string {
  return new Date(Date.parse(publishedAt) + 1).toISOString();
}
