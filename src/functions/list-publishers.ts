import { limits } from "#contract/limits.ts";
import type { Page, Publisher } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { isSought, searchedPage } from "./page.ts";
import { publisherOf } from "./publisher-view.ts";

/** Lists the publishers, or those for a topic or of a name, a page at a time. */
export async function listPublishers(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number; topic?: string; search?: string },
): Promise<Page<Publisher>> {
  requireAdmin(caller);
  const page = await searchedPage(
    { ...input, limit: input.limit ?? limits.listDefault },
    (after, limit) => context.store.listPublishers(after, limit),
    ({ publisherId }) => publisherId,
    (record) => isSought(input, { ...record, id: record.publisherId }),
  );
  return { ...page, items: page.items.map(publisherOf) };
}
