import { BellwetherError, type ErrorCode, type ErrorDetails } from "#contract/errors.ts";
import type { ShardRef } from "#core/shard.ts";
import type { PackedAppends, PackedResults } from "./packed-appends.ts";
import type { WriteName } from "./writes.ts";

/** A verb for the writer thread other than `append`. */
export interface WriteCall {
  readonly name: WriteName;
  readonly args: readonly unknown[];
}

/** A refusal as data, as class instances do not cross threads. */
export interface WriteError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** How one call of a batch ended, in the batch's order. */
export type WriteOutcome = { readonly value: unknown } | { readonly error: WriteError };

/** What goes to the writer thread: one batch is one transaction, one fsync. The appends go first. */
export interface WriteBatch {
  readonly appends: PackedAppends;
  readonly calls: readonly WriteCall[];
}

/** What comes back: the outcomes of this connection's batch, and the shards that somebody's batch wrote to. */
export interface WriterReply {
  readonly done?: { readonly appends: PackedResults; readonly outcomes: readonly WriteOutcome[] };
  /** "any": a topic was deleted. */
  readonly news: readonly ShardRef[] | "any";
}

/** What is not a BellwetherError is a fault of the disk or the database: nothing was written. */
export function encodeError(error: unknown): WriteError {
  if (error instanceof BellwetherError) return { code: error.code, message: error.message, details: error.details };
  const cause = error instanceof Error ? error.message : String(error);
  return {
    code: "unavailable",
    message: `The store could not write: ${cause}. Nothing was stored.`,
    details: { retryAfterSeconds: 1 },
  };
}
