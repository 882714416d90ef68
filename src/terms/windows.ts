/** How fine a bucket is: 0 = 10 s, 1 = 1 min, 2 = 10 min, 3 = 1 h, 4 = 1 d. */
export type Level = 0 | 1 | 2 | 3 | 4;

/** The levels from fine to coarse; each is a whole multiple of the one before. `retainMs` runs from the last write. */
export const levels: readonly {
  readonly level: Level;
  readonly name: string;
  readonly ms: number;
  readonly retainMs: number;
}[] = Object.freeze([
  { level: 0, name: "10s", ms: 10_000, retainMs: 48 * 3_600_000 },
  { level: 1, name: "1m", ms: 60_000, retainMs: 48 * 3_600_000 },
  { level: 2, name: "10m", ms: 600_000, retainMs: 8 * 86_400_000 },
  { level: 3, name: "1h", ms: 3_600_000, retainMs: 40 * 86_400_000 },
  { level: 4, name: "1d", ms: 86_400_000, retainMs: 400 * 86_400_000 },
]);

/** A window that can be asked for; `all` is since the topic began. */
export type WindowName = "1m" | "10m" | "1h" | "1d" | "all";

/** All windows, short to long. */
export const windowNames: readonly WindowName[] = Object.freeze(["1m", "10m", "1h", "1d", "all"]);

/** The messages published in [startMs, startMs + the level's ms), UTC. `startMs` is a multiple of the level's ms. */
export interface Bucket {
  readonly level: Level;
  readonly startMs: number;
}

/** Buckets side by side, earliest first, that hold exactly the messages published in [fromMs, toMs). */
export interface Cover {
  readonly fromMs: number;
  readonly toMs: number;
  readonly buckets: Bucket[];
}

/** Tells whether a bucket above level 0 can be read: it was rolled up, and nothing below it is newer. */
export type IsReady = (bucket: Bucket) => boolean;

/** Whose terms a summary counts: one topic's, or everybody's. */
export type ScopeKind = "topic" | "overall";

/** How many terms a summary may hold: at level 0 by scope, at the levels above, and in a part of `all`. */
export interface Caps {
  readonly leaf: Readonly<Record<ScopeKind, number>>;
  readonly levels: Readonly<Record<Exclude<Level, 0>, number>>;
  readonly all: number;
}

/** For a store that bills by the bytes written: a leaf is rewritten with every count. */
export const compactCaps: Caps = Object.freeze({
  leaf: { topic: 1_024, overall: 4_096 },
  levels: { 1: 4_096, 2: 4_096, 3: 8_192, 4: 16_384 },
  all: 65_536,
});

/** For a store where the bytes of a summary cost nothing to write: 10 s of real text then stay exact. */
export const roomyCaps: Caps = Object.freeze({
  leaf: { topic: 16_384, overall: 16_384 },
  levels: { 1: 16_384, 2: 16_384, 3: 16_384, 4: 32_768 },
  all: 65_536,
});

/** The capacity of a summary at a level, or of a part of `all`. */
export function capacityOf(caps: Caps, level: Level | "all", scope: ScopeKind): number {
  if (level === "all") return caps.all;
  return level === 0 ? caps.leaf[scope] : caps.levels[level];
}

/** The bucket of a level that a time (ms since 1970, UTC) falls into. */
export function bucketOf(level: Level, timeMs: number): Bucket {
  return { level, startMs: floorTo(timeMs, msOf(level)) };
}

/** The bucket that this one is rolled up into; none above a day. */
export function parentOf(bucket: Bucket): Bucket | undefined {
  const above = levels[bucket.level + 1];
  return above && bucketOf(above.level, bucket.startMs);
}

/** Until when a bucket is kept that was last written at this time. One that lies ahead, as after the clock went back, is not over yet. */
export function keptUntilMs({ level, startMs }: Bucket, writtenAtMs: number): number {
  const { ms, retainMs } = levels[level]!;
  return Math.max(writtenAtMs, startMs + ms) + retainMs;
}

/** The buckets that are rolled up into this one, earliest first; none below 10 s. */
export function childrenOf(bucket: Bucket): Bucket[] {
  const below = levels[bucket.level - 1];
  if (below === undefined) return [];
  const children = msOf(bucket.level) / below.ms;
  return Array.from({ length: children }, (_, i) => ({ level: below.level, startMs: bucket.startMs + i * below.ms }));
}

/**
 * The fewest buckets that cover a window up to a moment: `atMs`, or now. undefined when nothing is kept so long.
 *
 * The old edge is rounded outwards, to 10 s for 1m, 1 min for 10m and 1h, 10 min for 1d. The young edge is the end of the
 * 10 s bucket that holds the moment, so up to 10 s ahead of it: then every message counted was published in
 * [fromMs, toMs), and every message published there is counted. Where buckets so fine are not kept any more, an edge is
 * rounded outwards to what is. At most 44 buckets while all closed buckets are ready; one that is not is taken apart. A
 * bucket of level 0 always is.
 */
export function coverWindow(options: {
  readonly window: Exclude<WindowName, "all">;
  readonly nowMs: number;
  readonly atMs?: number;
  readonly isReady: IsReady;
}): Cover | undefined {
  const { nowMs, atMs = nowMs, isReady } = options;
  const { ms, edgeMs } = windows[options.window];
  const fromMs = keptEdge(floorTo(atMs - ms, edgeMs), nowMs);
  return fromMs === undefined ? undefined : cover(fromMs, endOfMoment(atMs), isReady, { nowMs, end: "outwards" });
}

/**
 * The fewest buckets that cover the time before a window, which its terms are held against: 1 h before 1m, 6 h before
 * 10m, 24 h before 1h, 7 d before 1d. It ends where the window begins (`beforeMs`), or at the last edge before that which
 * is kept; its old edge is rounded outwards to 1 min, 10 min, 1 h, 1 d. At most 44 buckets, as of `coverWindow`.
 */
export function coverBaseline(options: {
  readonly window: Exclude<WindowName, "all">;
  readonly beforeMs: number;
  readonly nowMs: number;
  readonly isReady: IsReady;
}): Cover | undefined {
  const { beforeMs, nowMs, isReady } = options;
  const { ms, edgeMs } = windows[options.window].baseline;
  const fromMs = keptEdge(floorTo(beforeMs - ms, edgeMs), nowMs);
  return fromMs === undefined ? undefined : cover(fromMs, beforeMs, isReady, { nowMs, end: "inwards" });
}

/**
 * The fewest buckets that cover [fromMs, nowMs], as `coverWindow`; `fromMs` is rounded down to 10 s. Meant for what `all`
 * has not folded yet: from the first day on that is missing there. No buckets if `fromMs` lies ahead of now.
 */
export function coverSince(fromMs: number, nowMs: number, isReady: IsReady): Cover {
  const startMs = floorTo(fromMs, msOf(0));
  return cover(startMs, Math.max(startMs, endOfMoment(nowMs)), isReady);
}

/** The length of a window in ms. */
export function windowMs(window: Exclude<WindowName, "all">): number {
  return windows[window].ms;
}

const windows = {
  "1m": { ms: 60_000, edgeMs: 10_000, baseline: { ms: 3_600_000, edgeMs: 60_000 } },
  "10m": { ms: 600_000, edgeMs: 60_000, baseline: { ms: 6 * 3_600_000, edgeMs: 600_000 } },
  "1h": { ms: 3_600_000, edgeMs: 60_000, baseline: { ms: 86_400_000, edgeMs: 3_600_000 } },
  "1d": { ms: 86_400_000, edgeMs: 600_000, baseline: { ms: 7 * 86_400_000, edgeMs: 86_400_000 } },
} as const;

/** A bucket counts as gone this long before it may be: an answer under way must still find it. */
const keptMarginMs = 60_000;

/**
 * Goes from edge to edge, each time by the coarsest bucket that fits, and by none that is too fine to be kept. As finer
 * ones are kept of younger times, and levels nest, only the last step can find no bucket that fits and is kept: it goes
 * beyond the end, or (`inwards`) is left out.
 */
function cover(
  fromMs: number,
  endMs: number,
  isReady: IsReady,
  kept?: { readonly nowMs: number; readonly end: "outwards" | "inwards" },
): Cover {
  const buckets: Bucket[] = [];
  let at = fromMs;
  while (at < endMs) {
    const finest = kept ? (finestKept(at, kept.nowMs) ?? 4) : 0;
    const level = levels.findLast(({ ms }) => at % ms === 0 && at + ms <= endMs)?.level ?? 0;
    if (level < finest && kept?.end === "inwards") break;
    const bucket = { level: Math.max(level, finest) as Level, startMs: at };
    addReady(bucket, isReady, buckets);
    at += msOf(bucket.level);
  }
  return { fromMs, toMs: at, buckets };
}

/** The edge, or the next one before it of buckets that are still kept; undefined when none are. */
function keptEdge(edgeMs: number, nowMs: number): number | undefined {
  const level = finestKept(edgeMs, nowMs);
  return level === undefined ? undefined : floorTo(edgeMs, msOf(level));
}

/** The finest level whose bucket at a time is surely kept: expiry runs from its last write, which is later than its start. */
function finestKept(timeMs: number, nowMs: number): Level | undefined {
  return levels.find(({ ms, retainMs }) => floorTo(timeMs, ms) + retainMs - keptMarginMs > nowMs)?.level;
}

/** The end of the 10 s bucket that holds a time. */
function endOfMoment(timeMs: number): number {
  return floorTo(timeMs, msOf(0)) + msOf(0);
}

function addReady(bucket: Bucket, isReady: IsReady, buckets: Bucket[]): void {
  if (bucket.level === 0 || isReady(bucket)) buckets.push(bucket);
  else for (const child of childrenOf(bucket)) addReady(child, isReady, buckets);
}

function msOf(level: Level): number {
  return levels[level]!.ms;
}

function floorTo(timeMs: number, stepMs: number): number {
  return Math.floor(timeMs / stepMs) * stepMs;
}
