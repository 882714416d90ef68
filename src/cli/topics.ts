import type { Client } from "#client/mod.ts";
import { limits } from "#contract/limits.ts";
import type { TopicState } from "#contract/types.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { formatBytes, formatCount, formatRate, formatRetention, formatTable } from "./format.ts";
import { openSession } from "./session.ts";
import { parseSeconds, parseWhole, UsageError } from "./usage.ts";

/** `bellwether topics`. */
export const topicsCommand = defineCommand({
  summary: "list the topics; show, create or delete one",
  help: `
bellwether topics
bellwether topics show <topic>
bellwether topics create <topic> [--shards N] [--retention TIME]
bellwether topics delete <topic>

Lists the topics with their messages, size and rates. "create" also changes the retention of a topic that is there.
"delete" deletes the messages too, at once and for good; it takes the admin key.

  --shards N          1 to ${limits.shardsMax}, fixed at creation; each keeps its own order
  --retention TIME    how long messages are kept: 12h, 7d (default), or forever
  --json              print JSON, one topic a line`,
  options: {
    shards: { type: "string" },
    retention: { type: "string" },
    json: { type: "boolean" },
  },
  argumentsMax: 2,
  async run(context, values, [action = "list", topic]) {
    const { json = false } = values;
    if (action === "list") return listTopics(context, json);
    if (!["show", "create", "delete"].includes(action)) {
      throw new UsageError(`"topics ${action}" is nothing; show, create and delete are.`);
    }
    if (topic === undefined) throw new UsageError(`Name the topic to ${action}.`);
    if (action === "show") return showTopic(context, topic, json);
    if (action === "create") return createTopic(context, topic, values);
    await openSession(context).client.deleteTopic(topic, { signal: context.signal });
    if (!json) await context.stdout.write(`Deleted ${topic}.\n`);
  },
});

async function listTopics(context: Context, json: boolean): Promise<void> {
  const client = await openSession(context).reader();
  const states: TopicState[] = [];
  for await (const state of eachTopic(client, context.signal)) states.push(state);
  if (json) return context.stdout.write(states.map((state) => `${JSON.stringify(state)}\n`).join(""));
  const rows = states.map((state) => [
    state.topic,
    formatCount(state.messagesKept),
    formatBytes(state.storedBytes),
    formatRate(state.messagesPerSecond.lastMinute),
    formatRate(state.messagesPerSecond.lastHour),
    formatRetention(state.retentionSeconds),
  ]);
  const head = ["TOPIC", "MESSAGES", "SIZE", "LAST MINUTE", "LAST HOUR", "KEPT"];
  await context.stdout.write(states.length > 0 ? formatTable([head, ...rows]) : "No topics yet.\n");
}

/** Every topic, page by page. */
export async function* eachTopic(client: Client, signal: AbortSignal): AsyncGenerator<TopicState, void> {
  let after: string | undefined;
  do {
    const page = await client.listTopics({ after }, { signal });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

async function showTopic(context: Context, topic: string, json: boolean): Promise<void> {
  const client = await openSession(context).reader(topic);
  const state = await client.getTopic(topic, { signal: context.signal });
  if (json) return context.stdout.write(`${JSON.stringify(state)}\n`);
  const { terms, messagesPerSecond, subscribers = [] } = state;
  const rows = [
    ["topic", state.topic],
    ["created", state.createdAt],
    ["shards", formatCount(state.shards)],
    ["kept", formatRetention(state.retentionSeconds)],
    ["messages", `${formatCount(state.messagesKept)} kept, ${formatCount(state.messagesPublished)} published`],
    ["size", formatBytes(state.storedBytes)],
    ["first message", state.firstMessageAt ?? "none"],
    ["last message", state.lastMessageAt ?? "none"],
    [
      "rate",
      `${formatRate(messagesPerSecond.lastMinute)} last minute, ${formatRate(messagesPerSecond.lastHour)} last hour`,
    ],
    ["terms", terms.enabled ? `counted; stop words: ${terms.languages.join(", ") || "none"}` : "not counted"],
    ...subscribers.map(({ subscriberId, name, lag }) => [
      "subscriber",
      `${name ?? subscriberId}, ${formatCount(lag)} behind`,
    ]),
  ];
  await context.stdout.write(formatTable(rows));
}

async function createTopic(
  context: Context,
  topic: string,
  {
    shards,
    retention,
    json,
  }: { shards?: string | undefined; retention?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  const { client } = openSession(context);
  const request = {
    ...(shards === undefined ? {} : { shards: parseWhole("--shards", shards, 1, limits.shardsMax) }),
    ...(retention === undefined ? {} : { retentionSeconds: parseRetention(retention) }),
  };
  const made = await client.putTopic(topic, request, { signal: context.signal });
  const shardText = `${made.shards} shard${made.shards === 1 ? "" : "s"}`;
  const text = `Topic ${made.topic}: ${shardText}, messages kept ${formatRetention(made.retentionSeconds)}.\n`;
  await context.stdout.write(json ? `${JSON.stringify(made)}\n` : text);
}

function parseRetention(text: string): number {
  return text === "forever" ? 0 : parseSeconds("--retention", text);
}
