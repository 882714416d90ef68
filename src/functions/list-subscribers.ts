import { limits } from "#contract/limits.ts";
import type { Page, Subscriber } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { keptShards } from "./kept-shards.ts";
import { isSought, searchedPage } from "./page.ts";
import { rest } from "./rest.ts";
import { subscriberOf } from "./subscriber-view.ts";

/** Lists the subscribers, or those of a topic or of a name, a page at a time. */
export async function listSubscribers(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number; topic?: string; search?: string },
): Promise<Page<Subscriber>> {
  requireAdmin(caller);
  const page = await searchedPage(
    { ...input, limit: input.limit ?? limits.listDefault },
    (after, limit) => context.store.listSubscribers(after, limit),
    ({ subscriberId }) => subscriberId,
    (record) => isSought(input, { ...record, id: record.subscriberId }),
  );
  const shards = keptShards(context.store);
  const items: Subscriber[] = [];
  for (const [i, record] of page.items.entries()) {
    if (i % 20 === 0) await rest();
    items.push(await subscriberOf(context, record, shards));
  }
  return { ...page, items };
}
