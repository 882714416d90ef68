import { createDynamoDbStore, type DynamoDbStore } from "#stores/dynamodb/store.ts";
import type { Timing } from "#stores/dynamodb/timing.ts";
import type { ModelDynamoDb, Request } from "./model-dynamodb.ts";

/** Time that passes only while somebody waits: all pauses are over at once. */
export function hastyTiming(): Timing {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    random: () => Math.random(),
    turn: async () => {},
  };
}

/** What is written later is later, whichever store wrote it. */
let requests = 0;

/** A store over the model without faults, but for those that `fail` throws; reads that may be old are of so many requests ago. */
export function storeOverModel(
  model: ModelDynamoDb,
  clock: { nowMs(): number },
  fail: (request: Request) => void = () => {},
  lagRequests = 0,
): DynamoDbStore {
  return createDynamoDbStore({
    tablePrefix: "",
    clock,
    timing: hastyTiming(),
    client: {
      async send(command) {
        const request = { operation: command.constructor.name.replace("Command", ""), input: command.input };
        fail(request);
        return model.run(request, requests++, lagRequests);
      },
      destroy() {},
    },
  });
}
