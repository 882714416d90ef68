import { limits } from "#contract/limits.ts";
import type { Page, TopicState } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { justBefore, pageOf } from "./page.ts";
import { inTurns } from "./rest.ts";
import { stateOf } from "./topic-state.ts";

/** Lists the topics, or those whose names begin with a prefix, with their state, a page at a time. */
export async function listTopics(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number; prefix?: string },
): Promise<Page<TopicState>> {
  if (!context.settings.publicRead) requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const { after, prefix } = input;
  const start = prefix === undefined ? "" : justBefore(prefix);
  const read = await context.store.listTopics(after !== undefined && after > start ? after : start || after, limit + 1);
  const records = read.filter(({ topic }) => topic.startsWith(prefix ?? ""));
  const page = pageOf(records, limit, ({ topic }) => topic);
  return { ...page, items: await inTurns(page.items, 20, (record) => stateOf(context, record)) };
}
