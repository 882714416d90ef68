import type { Client } from "#client/mod.ts";
import { limits } from "#contract/limits.ts";
import type { PopularTerms, PopularTermsQuery, RisingTerms, WindowName } from "#contract/types.ts";
import { defineCommand } from "./command.ts";
import { createScreen } from "./screen.ts";
import { openSession } from "./session.ts";
import { drawTerms } from "./terms-chart.ts";
import { parseWhole, UsageError } from "./usage.ts";

const windows: readonly WindowName[] = ["1m", "10m", "1h", "1d", "all"];
const sorts = ["popular", "rising"] as const;

/** `bellwether terms`. */
export const termsCommand = defineCommand({
  summary: "show which terms are popular or rising, in a topic or overall",
  help: `
bellwether terms [topic]

Shows the terms that the most messages contain. A count is exact or says how many more there may be; a term that is
perhaps not among the first is marked so. With --sort rising, those that more messages contain than before.

  bellwether terms news --window 1h
  bellwether terms news --sort rising --watch
  bellwether terms --window 1d --at 2026-01-31T09:00:00Z

  --window NAME       1m, 10m (default), 1h, 1d or all
  --sort NAME         popular (default) or rising
  --at TIME           the window that ended then
  --limit N           how many terms; 10 by default
  --watch             draw anew whenever they change, until Ctrl-C
  --json              print the answer as JSON, on one line`,
  options: {
    window: { type: "string" },
    sort: { type: "string" },
    at: { type: "string" },
    limit: { type: "string" },
    watch: { type: "boolean", short: "w" },
    json: { type: "boolean" },
  },
  argumentsMax: 1,
  async run(context, values, [topic]) {
    const { signal, stdout } = context;
    if (values.watch && values.at !== undefined)
      throw new UsageError("--at and --watch: what is past does not change.");
    const query: PopularTermsQuery = {
      ...(topic === undefined ? {} : { topic }),
      window: parseName("--window", values.window ?? "10m", windows),
      sort: parseName("--sort", values.sort ?? "popular", sorts),
      ...(values.at === undefined ? {} : { at: values.at }),
      limit: parseWhole("--limit", values.limit ?? String(limits.termsDefault), 1, limits.termsMax),
    };
    const client = await openSession(context).reader(topic);
    const screen = createScreen(stdout);
    for await (const answer of values.watch
      ? client.watchPopularTerms(query, { signal })
      : once(client, query, signal)) {
      if (values.json) await stdout.write(`${JSON.stringify(answer)}\n`);
      else await screen.draw(drawTerms(stdout, answer));
    }
  },
});

async function* once(
  client: Client,
  query: PopularTermsQuery,
  signal: AbortSignal,
): AsyncGenerator<PopularTerms | RisingTerms> {
  try {
    yield await client.getPopularTerms(query, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function parseName<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new UsageError(`${option} takes one of ${names.join(", ")}, not "${text}".`);
  return found;
}
