import { limits } from "#contract/limits.ts";
import type { Page, Publisher } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";
import { publisherOf } from "./publisher-view.ts";

/** Lists the publishers, a page at a time. */
export async function listPublishers(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<Publisher>> {
  requireAdmin(caller);
  const limit = input.limit ?? limits.listDefault;
  const page = pageOf(
    await context.store.listPublishers(input.after, limit + 1),
    limit,
    ({ publisherId }) => publisherId,
  );
  return { ...page, items: page.items.map(publisherOf) };
}
