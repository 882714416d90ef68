import { useEffect, useState } from "preact/hooks";
import type { WindowName } from "#client/mod.ts";
import { client, connectionNumber } from "./connection.ts";

/** The windows before a moment: how each term's count went. */
export type History = readonly ReadonlyMap<string, number>[];

export const windowMs: Readonly<Record<Exclude<WindowName, "all">, number>> = {
  "1m": 60_000,
  "10m": 600_000,
  "1h": 3_600_000,
  "1d": 86_400_000,
};

/** So many points has a line. Each is a question, asked once and kept, as the past does not change. */
const points = 12;
const termsAsked = 200;
const keptMax = 500;
const kept = new Map<string, ReadonlyMap<string, number>>();

/** Asks for the windows that ended before `atMs`, the oldest first. Without an end of its own, `all` has no history. */
export function useTermHistory(topic: string | undefined, window: WindowName, atMs: number): History | undefined {
  const [history, setHistory] = useState<{ readonly key: string; readonly value: History }>();
  const step = window === "all" ? undefined : windowMs[window];
  const endMs = step === undefined ? 0 : Math.floor(atMs / step) * step;
  const key = JSON.stringify([connectionNumber.value, topic, window, endMs]);
  // Dependencies: all of it is in the key
  useEffect(() => {
    if (step === undefined) return;
    const leaving = new AbortController();
    void (async () => {
      const value: ReadonlyMap<string, number>[] = [];
      for (let i = points - 1; i >= 0; i -= 1) {
        value.push(await countsAt(topic, window, endMs - i * step, leaving.signal));
      }
      if (!leaving.signal.aborted) setHistory({ key, value });
    })().catch(() => {
      // The bars stand without their lines; the connection's state says why.
    });
    return () => leaving.abort();
  }, [key]);
  return history?.value;
}

async function countsAt(
  topic: string | undefined,
  window: WindowName,
  atMs: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const key = JSON.stringify([connectionNumber.value, topic, window, atMs]);
  const known = kept.get(key);
  if (known) return known;
  const at = new Date(atMs).toISOString();
  const query = { window, at, limit: termsAsked, ...(topic !== undefined && { topic }) };
  const answer = await client.value.getPopularTerms(query, { signal });
  const counts = new Map(answer.terms.map(({ term, count }) => [term, count] as const));
  // What is not counted to its end yet is asked again.
  if (Date.parse(answer.asOf) >= atMs) {
    if (kept.size >= keptMax) kept.delete(kept.keys().next().value!);
    kept.set(key, counts);
  }
  return counts;
}
