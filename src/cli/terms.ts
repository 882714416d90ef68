import { setTimeout as sleep } from "node:timers/promises";
import { limits } from "#contract/limits.ts";
import type { WindowName } from "#contract/types.ts";
import { defineCommand } from "./command.ts";
import { createScreen } from "./screen.ts";
import { openSession } from "./session.ts";
import { drawTerms } from "./terms-chart.ts";
import { parseWhole, UsageError } from "./usage.ts";

const windows: readonly WindowName[] = ["1m", "10m", "1h", "1d", "all"];

/** `bellwether terms`. */
export const termsCommand = defineCommand({
  summary: "show which terms are popular, in a topic or overall",
  help: `
bellwether terms [topic]

Shows the terms that the most messages contain. A count is exact or says how many more there may be; a term that is
perhaps not among the first is marked so.

  bellwether terms news --window 1h
  bellwether terms --watch

  --window NAME       1m, 10m (default), 1h, 1d or all
  --limit N           how many terms; 10 by default
  --watch             draw anew each second until Ctrl-C
  --json              print the answer as JSON, on one line`,
  options: {
    window: { type: "string" },
    limit: { type: "string" },
    watch: { type: "boolean", short: "w" },
    json: { type: "boolean" },
  },
  argumentsMax: 1,
  async run(context, values, [topic]) {
    const { signal, stdout } = context;
    const query = {
      ...(topic === undefined ? {} : { topic }),
      window: parseWindow(values.window ?? "10m"),
      limit: parseWhole("--limit", values.limit ?? String(limits.termsDefault), 1, limits.termsMax),
    };
    const client = await openSession(context).reader(topic);
    const screen = createScreen(stdout);
    do {
      const popular = await client.getPopularTerms(query, { signal }).catch((error) => {
        if (!signal.aborted) throw error;
      });
      if (!popular) return;
      if (values.json) await stdout.write(`${JSON.stringify(popular)}\n`);
      else await screen.draw(drawTerms(stdout, popular));
      if (values.watch) await sleep(1_000, undefined, { signal }).catch(() => {});
    } while (values.watch && !signal.aborted);
  },
});

function parseWindow(text: string): WindowName {
  const window = windows.find((name) => name === text);
  if (!window) throw new UsageError(`--window takes one of ${windows.join(", ")}, not "${text}".`);
  return window;
}
