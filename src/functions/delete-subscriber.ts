import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";
import { noSubscriber } from "./subscriber-view.ts";

/** Deletes a subscriber with its cursor; its token ends. */
export async function deleteSubscriber(
  context: Context,
  caller: Caller,
  input: { subscriberId: string },
): Promise<void> {
  requireAdmin(caller);
  const deleted = await context.store.deleteSubscriber(input.subscriberId);
  context.registry.forget("subscriber", input.subscriberId);
  if (!deleted) noSubscriber(input.subscriberId);
}
