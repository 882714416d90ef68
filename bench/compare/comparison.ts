import { median, medianRatio } from "../rounds.ts";
import {
  type CompareMeasure,
  type CompareOptions,
  compareMeasures,
  type Measured,
  type Metric,
  type Values,
} from "./measures.ts";
import type { MeasureName, Peer } from "./peer.ts";
import { runUndisturbed } from "./quiet.ts";

/** A run of the comparison, as it is printed with `--json` and kept beside the docs. */
export interface Comparison {
  /** Commit, machine, rounds: what figures are worth nothing without. */
  readonly run: Readonly<Record<string, string>>;
  readonly systems: readonly System[];
  /** What was not measured: not installed, not able to, or failed. */
  readonly left: readonly { readonly system: string; readonly measure?: MeasureName; readonly why: string }[];
  readonly rounds: readonly Round[];
}

export interface System extends Pick<Peer, "name" | "acknowledged" | "settings" | "client"> {
  readonly version: string;
  readonly http: boolean;
}

export interface Round extends Measured {
  readonly system: string;
  readonly round: number;
  /** Cores that others used meanwhile, and whether that was too much. */
  readonly otherCpu: number;
  readonly disturbed: boolean;
  readonly repeats: number;
}

/** Measures every installed system in turn; a failure is told and does not stop the others. */
export async function compare(
  peers: readonly Peer[],
  chosen: readonly MeasureName[],
  options: CompareOptions,
): Promise<Omit<Comparison, "run">> {
  const versions = new Map(peers.map((peer) => [peer.name, peer.version()]));
  const installed = peers.filter(({ name }) => versions.get(name) !== undefined);
  const left: Comparison["left"][number][] = peers
    .filter((peer) => !installed.includes(peer))
    .map(({ name, install }) => ({ system: name, why: `not installed; to have it: ${install}` }));
  const rounds: Round[] = [];
  for (const measure of compareMeasures.filter(({ name }) => chosen.includes(name))) {
    process.stderr.write(`${measure.name}: ${measure.about}\n`);
    for (const { name, lacks } of installed) {
      const why = lacks?.[measure.name];
      if (why !== undefined) left.push({ system: name, measure: measure.name, why });
    }
    const able = installed.filter(({ lacks }) => lacks?.[measure.name] === undefined);
    const outcome = await measureAll(measure, able, options);
    rounds.push(...outcome.rounds);
    left.push(...outcome.failures);
  }
  const systems = installed.map(({ name, acknowledged, settings, client, face }) => ({
    ...{ name, acknowledged, settings, client, http: face.kind === "http" },
    version: versions.get(name)!,
  }));
  return { systems, left, rounds };
}

async function measureAll(measure: CompareMeasure, peers: readonly Peer[], options: CompareOptions) {
  const rounds: Round[] = [];
  const failures = new Map<string, { system: string; measure: MeasureName; why: string }>();
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of rotated(peers, round)) {
      if (failures.has(peer.name)) continue;
      process.stderr.write(`  round ${round + 1}/${options.rounds}: ${peer.name}`);
      try {
        const { value, ...rest } = await runUndisturbed(() => measure.run(peer, options), options.repeatsMax);
        rounds.push({ system: peer.name, round, ...value, ...rest });
        process.stderr.write(
          ` ${describe(value.values)}${rest.disturbed ? `, others used ${rest.otherCpu.toFixed(2)} cores` : ""}\n`,
        );
      } catch (error) {
        const why = `failed: ${error instanceof Error ? error.message : String(error)}`;
        process.stderr.write(` ${why}\n`);
        failures.set(peer.name, { system: peer.name, measure: measure.name, why: why.split("\n")[0]!.slice(0, 200) });
      }
    }
  }
  return { rounds: rounds.filter(({ system }) => !failures.has(system)), failures: [...failures.values()] };
}

/** The order of a round: begun one further each time, and every other time backwards, so that drift falls on all alike. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const at = items.length === 0 ? 0 : round % items.length;
  const turned = [...items.slice(at), ...items.slice(0, at)];
  return round % 2 === 1 ? turned.toReversed() : turned;
}

/** A figure of a system: the median of its rounds. undefined where it was not measured. */
export function figureOf({ rounds }: Pick<Comparison, "rounds">, system: string, metric: Metric): number | undefined {
  const values = rounds.filter((round) => round.system === system).flatMap(({ values }) => values[metric] ?? []);
  return values.length === 0 ? undefined : median(values);
}

/** How many times a system's figure is that of another: the median over the rounds that both were in. */
export function ratioOf(
  { rounds }: Pick<Comparison, "rounds">,
  system: string,
  other: string,
  metric: Metric,
): number | undefined {
  const byRound = (name: string): Map<number, number> =>
    new Map(
      rounds
        .filter((round) => round.system === name && round.values[metric] !== undefined)
        .map(({ round, values }) => [round, values[metric]!]),
    );
  const [ours, theirs] = [byRound(system), byRound(other)];
  const both = [...ours.keys()].filter((round) => theirs.has(round));
  if (both.length === 0) return undefined;
  return medianRatio(
    both.map((round) => ours.get(round)!),
    both.map((round) => theirs.get(round)!),
  );
}

function describe(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value >= 100 ? Math.round(value) : value.toPrecision(3)}`)
    .join(", ");
}
