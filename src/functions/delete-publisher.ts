import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { noPublisher } from "./publisher-view.ts";

/** Deletes a publisher; its token ends, its messages stay. */
export async function deletePublisher(context: Context, caller: Caller, input: { publisherId: string }): Promise<void> {
  requireAdmin(caller);
  const deleted = await context.store.deletePublisher(input.publisherId);
  context.registry.forget("publisher", input.publisherId);
  if (!deleted) noPublisher(input.publisherId);
}
