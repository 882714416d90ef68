import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "#client/mod.ts";
import type { RebuildTermsRequest, TermsRebuild } from "#contract/types.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { countOf } from "./format.ts";
import { openSession } from "./session.ts";
import { eachTopic } from "./topics.ts";
import { parseSeconds, UsageError } from "./usage.ts";

/** `bellwether rebuild-terms`. */
export const rebuildTermsCommand = defineCommand({
  summary: "count the terms of past hours anew",
  help: `
bellwether rebuild-terms --from TIME [--to TIME] [--topic NAME | --all]

Counts the terms of whole hours anew from the messages that are kept, as after a change of a topic's languages or an
upgrade. Answers show the old counts until all is recounted, and the new ones from then on. Overall and each topic are
rebuilt by themselves; days that are folded into "all" stay in it as they were. It takes the admin key.

  bellwether rebuild-terms --from 2d --topic news
  bellwether rebuild-terms --from 2026-01-05T00:00:00Z --to 2026-01-07T00:00:00Z --all

  --from TIME         an RFC 3339 time, or how long ago: 12h, 2d; rounded down to the hour
  --to TIME           the same; the last hour that is over by default
  --topic NAME        this topic's terms; those of all together by default
  --all               every topic, and then all together
  --json              print what became of each as JSON, one a line`,
  options: {
    from: { type: "string" },
    to: { type: "string" },
    topic: { type: "string" },
    all: { type: "boolean" },
    json: { type: "boolean" },
  },
  argumentsMax: 0,
  async run(context, { from, to, topic, all, json }) {
    if (from === undefined) throw new UsageError("Say from when on with --from.");
    if (topic !== undefined && all) throw new UsageError("Take --topic or --all, not both.");
    const range = { from: parseTime("--from", from), to: parseTime("--to", to ?? "0s") };
    const { client } = openSession(context);
    for (const request of all ? await requestsForAll(client, context, range) : [withTopic(range, topic)]) {
      const { answer, messages } = await rebuild(context, client, request);
      const text = `${answer.scope}: ${countOf(messages, "message")} recounted, from ${answer.from} to ${answer.to}\n`;
      await context.stdout.write(json ? `${JSON.stringify({ ...answer, messages })}\n` : text);
    }
  },
});

/** Calls until all is done, and shows how far it is. */
async function rebuild(
  { stderr, signal }: Context,
  client: Client,
  request: RebuildTermsRequest,
): Promise<{ answer: TermsRebuild; messages: number }> {
  let answer = await client.rebuildTerms(request, { signal });
  let { messages } = answer;
  while (answer.continue !== undefined) {
    if (stderr.isTerminal) await stderr.write(`\r\u001b[K${progressOf(answer, messages)}`);
    if (answer.pollAfterMs > 0) await sleep(answer.pollAfterMs, undefined, { signal });
    const { from, to } = answer;
    answer = await client.rebuildTerms({ ...request, from, to, continue: answer.continue }, { signal });
    messages += answer.messages;
  }
  if (stderr.isTerminal) await stderr.write("\r\u001b[K");
  return { answer, messages };
}

function progressOf({ scope, state, from, to, through }: TermsRebuild, messages: number): string {
  const part = (Date.parse(through) - Date.parse(from)) / (Date.parse(to) - Date.parse(from));
  return `${scope}: ${state}, ${Math.floor(part * 100)} %, ${countOf(messages, "message")}`;
}

async function requestsForAll(
  client: Client,
  { signal }: Context,
  range: { from: string; to: string },
): Promise<RebuildTermsRequest[]> {
  const requests: RebuildTermsRequest[] = [];
  for await (const { topic, terms } of eachTopic(client, signal))
    if (terms.enabled) requests.push(withTopic(range, topic));
  return [...requests, range];
}

function withTopic(range: { from: string; to: string }, topic: string | undefined): RebuildTermsRequest {
  return topic === undefined ? range : { ...range, topic };
}

/** An RFC 3339 time as it is, or the time so long ago. */
function parseTime(option: string, text: string): string {
  if (/^\d{4}-/.test(text)) return text;
  return new Date(Date.now() - parseSeconds(option, text) * 1_000).toISOString();
}
