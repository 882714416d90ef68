import { limits } from "#contract/limits.ts";
import type { Page, Subscriber } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";
import { subscriberOf } from "./subscriber-view.ts";

/** Lists the subscribers, a page at a time. */
export async function listSubscribers(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<Subscriber>> {
  requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const page = pageOf(
    await context.store.listSubscribers(input.after, limit + 1),
    limit,
    ({ subscriberId }) => subscriberId,
  );
  return { ...page, items: await Promise.all(page.items.map((record) => subscriberOf(context, record))) };
}
