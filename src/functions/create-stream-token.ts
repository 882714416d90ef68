import { limits } from "#contract/limits.ts";
import type { StreamToken } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { encodeToken, hashSecret } from "#core/tokens.ts";
import { type Caller, requireSubscriber } from "./access.ts";
import type { Context } from "./context.ts";
import { noSubscriber } from "./subscriber-view.ts";

/** Makes a token for the URL of an EventSource, which cannot send headers. */
export async function createStreamToken(
  context: Context,
  caller: Caller,
  input: { subscriberId: string },
): Promise<StreamToken> {
  requireSubscriber(caller, input.subscriberId);
  if (!(await context.registry.subscriber(input.subscriberId))) noSubscriber(input.subscriberId);
  const nowMs = context.clock.nowMs();
  const secret = context.ids.secret();
  const record = {
    id: context.ids.id(),
    secretHash: hashSecret(secret),
    subscriberId: input.subscriberId,
    createdAtMs: nowMs,
    usableUntilMs: nowMs + limits.streamTokenUnusedSeconds * 1000,
  };
  await context.store.putStreamToken(record);
  return { streamToken: encodeToken("str", record.id, secret), expiresAt: timeToString(record.usableUntilMs) };
}
