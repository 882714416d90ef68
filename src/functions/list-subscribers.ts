import { limits } from "#contract/limits.ts";
import type { Page, Subscriber } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { keptShards } from "./kept-shards.ts";
import { isSought, searchedPage } from "./page.ts";
import { inTurns } from "./rest.ts";
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
  return { ...page, items: await inTurns(page.items, 20, (record) => subscriberOf(context, record, shards)) };
}
