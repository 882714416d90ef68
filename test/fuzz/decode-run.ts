import fc from "fast-check";
import { Random } from "../random.ts";
import { decoders } from "./decoders.ts";
import { mutate } from "./mutate.ts";

export interface DecodeFinding {
  readonly decoder: string;
  readonly case: number;
  readonly why: string;
  /** What was decoded, in base64. */
  readonly bytes: string;
}

export interface DecodeResult {
  /** By decoder. */
  readonly counts: Readonly<Record<string, { taken: number; refused: number }>>;
  readonly findings: readonly DecodeFinding[];
}

const examplesMax = 300;
const findingsMax = 10;

/**
 * Gives each decoder its share of the cases: valid bytes, bytes made of them by a few changes, half of those with a right
 * checksum, and random ones. All follows from the seed. `begun` is told before each case.
 */
export function fuzzDecoders(
  cases: number,
  seed: number,
  begun: (decoder: number, at: number) => void = () => {},
): DecodeResult {
  const counts: Record<string, { taken: number; refused: number }> = {};
  const findings: DecodeFinding[] = [];
  decoders.forEach(({ name, examples, mend, judge }, decoder) => {
    const random = new Random(seed + decoder);
    const samples = fc.sample(examples, { seed: seed + decoder, numRuns: examplesMax });
    const own = { taken: 0, refused: 0 };
    counts[name] = own;
    for (let at = 0, found = 0; at < cases / decoders.length && found < findingsMax; at++) {
      begun(decoder, at);
      const changed =
        at < examplesMax ? Buffer.from(samples[at]!) : mutate(random.pick(samples), random.pick(samples), random);
      const bytes = mend && random.chance(0.5) ? mend(changed) : changed;
      const copy = bytes.toString("base64");
      try {
        const verdict = judge(bytes);
        own[verdict] += 1;
        if (at < examplesMax && verdict === "refused") throw new Error("a valid example is refused");
      } catch (error) {
        found += 1;
        findings.push({ decoder: name, case: at, why: String((error as Error).message).slice(0, 500), bytes: copy });
      }
    }
  });
  return { counts, findings };
}
