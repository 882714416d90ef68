import { BellwetherError } from "#contract/errors.ts";
import type { Publisher } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import type { PublisherRecord } from "#core/store.ts";

/** A publisher as the wire shows it, without its secret. */
export function publisherOf({ publisherId, name, topics, createdAtMs }: PublisherRecord): Publisher {
  return { publisherId, name, topics, createdAt: timeToString(createdAtMs) };
}

/** Throws that there is none of this id. */
export function noPublisher(publisherId: string): never {
  throw new BellwetherError("publisher_not_found", `There is no publisher "${publisherId}".`);
}
