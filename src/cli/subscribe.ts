import type { Discontinuity, Message } from "#contract/types.ts";
import { defineCommand } from "./command.ts";
import type { Context, Output } from "./context.ts";
import { printable } from "./output.ts";
import { openSession } from "./session.ts";
import { parseWhole, UsageError } from "./usage.ts";

/** `bellwether subscribe`. */
export const subscribeCommand = defineCommand({
  summary: "print the messages of topics, from where this was left last time",
  help: `
bellwether subscribe <topic>...

Prints the messages that were not printed yet, and ends; with --follow it goes on as they come. The subscription is
registered at the first time and kept in the profile; the service remembers how far it was read.

  bellwether subscribe news
  bellwether subscribe news sport --follow --name desk
  bellwether subscribe news --from earliest --json | jq .title

  --follow            go on until Ctrl-C
  --from WHERE        earliest, latest, or a time as 2026-01-31T09:00:00Z: moves the subscription there first.
                      A new one begins at the earliest message
  --limit N           end after so many messages
  --name NAME         which subscription, if there are several for the same topics
  --no-commit         do not remember what was printed
  --json              print whole messages as JSON, one a line; else only the body (text as it is, the rest as JSON)`,
  options: {
    follow: { type: "boolean", short: "f" },
    from: { type: "string" },
    limit: { type: "string" },
    name: { type: "string" },
    "no-commit": { type: "boolean" },
    json: { type: "boolean" },
  },
  argumentsMax: 10,
  async run(context, values, topics) {
    const { name, from, json = false } = values;
    if (topics.length === 0 && name === undefined) throw new UsageError("Name the topics to subscribe to.");
    const limit = values.limit === undefined ? Infinity : parseWhole("--limit", values.limit, 1, 1e15);
    const subscriber = await openSession(context).subscriber({ name, topics, from });
    const messages = subscriber.messages({
      follow: values.follow ?? false,
      commit: values["no-commit"] !== true,
      limit,
      signal: context.signal,
      onDiscontinuity: (discontinuity) => void announce(context, discontinuity),
    });
    let count = 0;
    for await (const message of messages) {
      await context.stdout.write(formatMessage(context.stdout, message, json));
      count += 1;
    }
    if (count === 0 && context.stdout.isTerminal && !context.signal.aborted) {
      await context.stderr.write("No new messages.\n");
    }
  },
});

function formatMessage(output: Output, message: Message, json: boolean): string {
  const { body } = message;
  if (json) return `${JSON.stringify(message)}\n`;
  return `${printable(output, typeof body === "string" ? body : JSON.stringify(body))}\n`;
}

function announce(context: Context, { topic, shard, fromSequence, toSequence, reason }: Discontinuity): Promise<void> {
  const why = reason === "expired" ? "expired before they were read" : "are gone: the topic was deleted and made anew";
  const which = `messages ${fromSequence} to ${toSequence} of ${topic} (shard ${shard})`;
  return context.stderr.write(`bellwether: ${which} ${why}\n`).catch(() => {});
}
