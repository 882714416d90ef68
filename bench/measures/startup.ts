import { runLoad } from "../generator.ts";
import type { BenchOptions, Figure, Measure } from "../measure.ts";
import { residentBytes } from "../processes.ts";
import { median } from "../rounds.ts";
import { makeFolder, startService } from "../servers.ts";

const idleMs = 2_000;

interface Start {
  readonly readyMs: number;
  readonly idleBytes: number;
}

/** Memory and time to serve. Expected: Node itself takes 45 MB and 40 ms; each of two threads 10 MB and 30 ms more. */
export const startUp: Measure = {
  name: "startup",
  about: "start-up time with an empty folder and with a million stored messages, and idle memory",
  async run(options) {
    const messages = options.quick ? 100_000 : 1_000_000;
    const empty = await starts(options, () => undefined);
    const folder = makeFolder();
    try {
      await fill(folder.path, messages, options);
      const full = await starts(options, () => folder.path);
      const stored = `with ${messages.toLocaleString("en")} stored messages`;
      return [
        timeFigure("start-up, empty folder", empty),
        { ...timeFigure(`start-up ${stored}`, full), goals: [{ of: "value", atMost: 1_000 }] },
        { ...memoryFigure("idle memory, empty folder", empty), goals: [{ of: "value", atMost: 120 }] },
        { ...memoryFigure(`idle memory ${stored}`, full), goals: [{ of: "value", atMost: 120 }] },
      ];
    } finally {
      folder.remove();
    }
  },
};

async function starts({ server, rounds }: BenchOptions, folder: () => string | undefined): Promise<Start[]> {
  const results: Start[] = [];
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`  start ${round + 1}/${rounds}\n`);
    const service = await startService(server, folder());
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    results.push({ readyMs: service.readyMs, idleBytes: residentBytes(service.pid) });
    await service.stop();
  }
  return results;
}

async function fill(folder: string, messages: number, { server, messageBytes }: BenchOptions): Promise<void> {
  process.stderr.write(`  publishing ${messages.toLocaleString("en")} messages\n`);
  const service = await startService(server, folder);
  try {
    const target = { port: service.port, ...(await service.topic("bench", false)), messageBytes, batch: 1_000 };
    await runLoad({
      kind: "closed-loop",
      target,
      connections: 4,
      warmUpSeconds: 0,
      seconds: 0,
      requestsMax: messages / target.batch,
      serverPid: service.pid,
    });
  } finally {
    await service.stop();
  }
}

function timeFigure(what: string, starts: readonly Start[]): Figure {
  const values = starts.map(({ readyMs }) => readyMs);
  return { what, value: median(values), unit: "ms", rounds: values };
}

function memoryFigure(what: string, starts: readonly Start[]): Figure {
  const values = starts.map(({ idleBytes }) => idleBytes / 1e6);
  return { what, value: median(values), unit: "MB", rounds: values };
}
