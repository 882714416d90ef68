import type { Store } from "#core/store.ts";
import { createDynamoDbStore } from "#stores/dynamodb/store.ts";
import type { LambdaSettings } from "./settings.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * Opens the store behind the functions; region, credentials and endpoint are those that Lambda gives in the environment. The
 * only file of this folder that may name one; tests put another in its place.
 */
export function openStore({ tablePrefix }: LambdaSettings, telemetry: Telemetry): Store {
  return createDynamoDbStore({
    tablePrefix,
    events: {
      gapFilled: () => telemetry.measured("tombstones", 1),
      ticketRefused: () => telemetry.measured("refusedTickets", 1),
    },
  });
}
