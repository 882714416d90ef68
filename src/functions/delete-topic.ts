import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { type Caller, requireAdmin } from "./access.ts";
import type { Context } from "./context.ts";

/** Deletes a topic with its messages and terms; its name stays reserved for a while. */
export async function deleteTopic(context: Context, caller: Caller, input: { topic: string }): Promise<void> {
  requireAdmin(caller);
  const reservedUntilMs = context.clock.nowMs() + limits.reservedAfterDeletionSeconds * 1000;
  const deleted = await context.store.deleteTopic(input.topic, reservedUntilMs);
  context.registry.forget("topic", input.topic);
  if (!deleted) throw new BellwetherError("topic_not_found", `There is no topic "${input.topic}".`);
}
