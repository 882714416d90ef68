import type { MemorySample } from "./watch.ts";

/** A process may grow for so long: caches fill, code is compiled, the heap finds its size. */
const warmUpMs = 60_000;
/** What a judgement needs behind the warm-up. */
const judgedMsMin = 60_000;
/** Growth from the first third behind the warm-up to the last that is taken for flat: noise of the collector. */
const growthBytesMax = 24 * 2 ** 20;
const growthShareMax = 0.1;

export interface MemoryResult {
  readonly peakMegabytes: number;
  /** The floors of the first and the last third behind the warm-up of the process that lived longest. */
  readonly floorMegabytes?: { readonly first: number; readonly last: number; readonly seconds: number };
  readonly violations: readonly string[];
}

/**
 * Whether resident memory was flat behind the warm-up: of the process that lived longest, the least of the last third must
 * not lie above the least of the first by more than 24 MB and a tenth. Floors, as what is above them is garbage that is not
 * collected yet and buffers that are in use.
 */
export function judgeMemory(samples: readonly MemorySample[]): MemoryResult {
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const peakMegabytes = megabytes(Math.max(0, ...samples.map(({ residentBytes }) => residentBytes)));
  const lives = [...Map.groupBy(samples, ({ pid }) => pid).values()];
  const behind = lives.map((life) => life.filter(({ atMs }) => atMs >= life[0]!.atMs + warmUpMs));
  const longest = behind.sort((a, b) => lengthOf(b) - lengthOf(a))[0] ?? [];
  const seconds = Math.round(lengthOf(longest) / 1_000);
  if (lengthOf(longest) < judgedMsMin) return { peakMegabytes, violations: [] };
  const third = Math.floor(longest.length / 3);
  const [first, last] = [longest.slice(0, third), longest.slice(-third)].map((part) =>
    Math.min(...part.map(({ residentBytes }) => residentBytes)),
  ) as [number, number];
  const isFlat = last - first <= Math.max(growthBytesMax, growthShareMax * first);
  return {
    peakMegabytes,
    floorMegabytes: { first: megabytes(first), last: megabytes(last), seconds },
    violations: isFlat
      ? []
      : [`memory is not flat: from ${megabytes(first)} to ${megabytes(last)} MB in ${seconds} s behind the warm-up`],
  };
}

function lengthOf(samples: readonly MemorySample[]): number {
  return samples.length === 0 ? 0 : samples.at(-1)!.atMs - samples[0]!.atMs;
}
