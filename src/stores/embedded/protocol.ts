import { BellwetherError, type ErrorCode, type ErrorDetails } from "#contract/errors.ts";
import type { ShardRef } from "#core/shard.ts";
import type { WriteName } from "./writes.ts";

/** A verb for the writer thread. */
export interface WriteCall {
  readonly name: WriteName | "append";
  readonly args: readonly unknown[];
}

/** How one call of a batch ended, in the batch's order. */
export type WriteOutcome =
  | { readonly value: unknown }
  | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails } };

/** What goes to the writer thread: one batch is one transaction, one fsync. */
export interface WriteBatch {
  readonly calls: readonly WriteCall[];
}

/** What comes back: the outcomes of this connection's batch, or the shards that somebody's batch wrote to ("any": a topic went). */
export type WriterReply =
  | { readonly outcomes: readonly WriteOutcome[] }
  | { readonly news: readonly ShardRef[] | "any" };

/** An error as data, as class instances do not cross threads. */
export function encodeError(error: unknown): WriteOutcome {
  if (error instanceof BellwetherError)
    return { error: { code: error.code, message: error.message, details: error.details } };
  const cause = error instanceof Error ? error.message : String(error);
  return {
    error: {
      code: "unavailable",
      message: `The store could not write: ${cause}. Nothing was stored.`,
      details: { retryAfterSeconds: 1 },
    },
  };
}
