import { parseArgs } from "node:util";
import { describeBench } from "../report.ts";
import { builtService } from "../servers.ts";
import { readBenchText } from "../text.ts";
import { compare } from "./comparison.ts";
import { type CompareOptions, compareMeasures } from "./measures.ts";
import { writePage } from "./page.ts";
import type { MeasureName, Peer } from "./peer.ts";
import { loadPeers } from "./peers.ts";
import { renderTables } from "./tables.ts";

/** `npm run bench:peers`: the same work through Bellwether and through what else one could take. Progress on stderr, tables on stdout. */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    peers: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "5" },
    repeats: { type: "string", default: "3" },
    streams: { type: "string", default: "1000" },
    bytes: { type: "string", default: "300" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const measureNames = compareMeasures.map(({ name }) => name);
const all = await loadPeers();

if (values.help) process.stdout.write(usage());
else if (values.list) process.stdout.write(all.map(describePeer).join(""));
else await main();

async function main(): Promise<void> {
  const options: CompareOptions = {
    rounds: positive("rounds"),
    seconds: positive("seconds"),
    warmUpSeconds: positive("warm-up"),
    messageBytes: positive("bytes"),
    streams: positive("streams"),
    repeatsMax: Number(values.repeats),
  };
  builtService();
  const measured = await compare(choosePeers(values.peers), chooseMeasures(values.only), options);
  const comparison = { run: describe(options), ...measured };
  if (values.write) writePage(comparison);
  process.stdout.write(values.json ? `${JSON.stringify(comparison, null, 2)}\n` : `${renderTables(comparison)}\n`);
}

function describe({
  rounds,
  seconds,
  warmUpSeconds,
  messageBytes,
  repeatsMax,
}: CompareOptions): Record<string, string> {
  const given = process.argv.slice(2).filter((arg) => arg !== "--write");
  return {
    command: `npm run bench:peers${given.length > 0 ? ` -- ${given.join(" ")}` : ""}`,
    ...describeBench(readBenchText(messageBytes), messageBytes),
    rounds: `${rounds} of ${seconds} s after ${warmUpSeconds} s; order rotated; each system started fresh on loopback with an empty folder; a round is repeated up to ${repeatsMax} times when others use more than 5 % of a core`,
  };
}

function choosePeers(text: string | undefined): readonly Peer[] {
  if (text === undefined) return all;
  const parts = text.split(",").map((part) => part.trim().toLowerCase());
  const chosen = all.filter(({ name }) => parts.some((part) => name.toLowerCase().includes(part)));
  if (chosen.length === 0) throw new Error(`No system's name holds "${text}"; see --list.`);
  return chosen;
}

function chooseMeasures(text: string | undefined): readonly MeasureName[] {
  if (text === undefined) return measureNames;
  return text.split(",").map((part) => {
    const name = measureNames.find((each) => each === part.trim());
    if (!name) throw new Error(`There is no measure "${part}"; there are ${measureNames.join(", ")}.`);
    return name;
  });
}

function positive(name: "rounds" | "seconds" | "streams" | "bytes" | "warm-up"): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not "${values[name]}".`);
  return value;
}

function describePeer(peer: Peer): string {
  const version = peer.version();
  return `${peer.name.padEnd(32)} ${version ?? `not installed; to have it: ${peer.install}`}\n`;
}

function usage(): string {
  const list = compareMeasures.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n");
  return `Usage: npm run bench:peers -- [options]

  --list          the systems, and how to get those that are not installed
  --only a,b      only these measures, of:
${list}
  --peers a,b     only systems whose names hold one of these
  --rounds n      rounds of each system (5)
  --seconds n     seconds of each round (5)
  --warm-up n     seconds of the same load before each (5): what is compiled as it runs takes so long
  --repeats n     how often a round is run again that others disturbed (3)
  --streams n     subscribers of the fan-out (1000)
  --bytes n       bytes of a message's JSON at most (300)
  --json          every round as JSON
  --write         also writes docs/performance.md, its chart and its figures

Of the fan-out every delivery to every subscriber is looked for and timed, none sampled: a message counts once for each
subscriber, and one that has not come a second after the last was due fails the rate. Numbers are looked for where they
were on another stream first; what is between them is not read. At each rate stderr has the p99 and how busy the cores of
server and generator were.
`;
}
