import type { AppendsUnderWay } from "#core/appends.ts";
import type { Store } from "#core/store.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { countedIds, fakeContext } from "#functions/fake-context.ts";
import { createDynamoDbStore } from "#stores/dynamodb/store.ts";
import { faultyClient, type Lie, type Mood } from "./faulty-client.ts";
import type { ModelDynamoDb } from "./model-dynamodb.ts";
import type { SimulatedProcess, World } from "./world.ts";

/** A process of the service: its store, and the counting that it does. */
export interface Process {
  readonly simulated: SimulatedProcess;
  readonly store: Store;
  readonly counting: TermCounting;
  readonly appends: AppendsUnderWay;
  nowMs(): number;
  /** Resolves when it is killed. */
  readonly died: Promise<void>;
  kill(): void;
}

export const graceMs = 2_000;

const ids = countedIds();

export function startProcess(world: World, model: ModelDynamoDb, moodNow: () => Mood, lie: Lie | undefined): Process {
  const simulated = world.startProcess();
  const clock = world.clockOf(simulated);
  const store = createDynamoDbStore({
    tablePrefix: "",
    graceMs,
    clock,
    timing: world.timingOf(simulated),
    client: faultyClient(world, model, simulated, moodNow, lie),
  });
  const context = fakeContext(store, clock, ids);
  const { promise: died, resolve } = Promise.withResolvers<void>();
  return {
    simulated,
    store,
    counting: new TermCounting(context),
    appends: context.appends,
    nowMs: clock.nowMs,
    died,
    kill() {
      simulated.isDead = true;
      resolve();
    },
  };
}
