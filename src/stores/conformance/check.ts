import type { Store } from "#core/store.ts";

/** A test of every store, or of those alone that have what it needs. */
export type Check = (
  what: string,
  body: (store: Store) => Promise<void>,
  needs?: "transactions" | "expiresAtOnce",
) => void;
