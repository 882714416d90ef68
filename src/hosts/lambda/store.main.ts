import type { Store } from "#core/store.ts";

/** Opens the store behind the functions. The only file of this folder that may name one; tests put another in its place. */
export function openStore(): Store {
  throw new Error("This build has no store: the tables of DynamoDB are not there yet.");
}
