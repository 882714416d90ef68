import { limits } from "#contract/limits.ts";
import type { Page, Table } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { pageAfter } from "./page.ts";

/** Lists the tables of the store with what is known of them, a page at a time. */
export async function listTables(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<Table>> {
  requireAdmin(caller);
  const tables = await context.store.listTables();
  return pageAfter(tables, input.after, input.limit ?? limits.listDefault, ({ table }) => table);
}
