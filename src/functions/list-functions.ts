import { limits } from "#contract/limits.ts";
import type { DeployedFunction, Page } from "#contract/types.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { pageAfter } from "./page.ts";

/** Lists the functions with where they run and how they do, a page at a time. */
export async function listFunctions(
  context: Context,
  caller: Caller,
  input: { after?: string; limit?: number },
): Promise<Page<DeployedFunction>> {
  requireAdmin(caller);
  const functions = await context.deployment.listFunctions();
  return pageAfter(functions, input.after, input.limit ?? limits.listDefault, (each) => each.function);
}
