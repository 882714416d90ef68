import type { Publisher } from "#contract/types.ts";
import { type Caller, requirePublisher } from "./access.ts";
import type { Context } from "./context.ts";
import { noPublisher, publisherOf } from "./publisher-view.ts";

/** Reads one publisher. */
export async function getPublisher(
  context: Context,
  caller: Caller,
  input: { publisherId: string },
): Promise<Publisher> {
  requirePublisher(caller, input.publisherId);
  return publisherOf((await context.store.getPublisher(input.publisherId)) ?? noPublisher(input.publisherId));
}
