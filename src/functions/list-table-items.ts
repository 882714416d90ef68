import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import type { Page, TableItem } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";

/** Looks at the items of a table, a page at a time. */
export async function listTableItems(
  context: Context,
  caller: Caller,
  input: { table: string; after?: string; limit?: number },
): Promise<Page<TableItem>> {
  requireAdmin(caller);
  const limit = input.limit ?? limits.tableItemsDefault;
  const page = await context.store.listTableItems(input.table, input.after, limit);
  if (page) return page;
  throw new BellwetherError("table_not_found", `There is no table "${input.table}". /v1/tables lists them.`);
}
