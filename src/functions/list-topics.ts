import { limits } from "#contract/limits.ts";
import type { Page, TopicState } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";
import { stateOf } from "./topic-state.ts";

/** Lists the topics with their state, a page at a time. */
export async function listTopics(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<TopicState>> {
  if (!context.settings.publicRead) requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const records = await context.store.listTopics(input.after, limit + 1);
  const page = pageOf(records, limit, ({ topic }) => topic);
  return { ...page, items: await Promise.all(page.items.map((record) => stateOf(context, record))) };
}
