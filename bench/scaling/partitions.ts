import { setTimeout as delay } from "node:timers/promises";
import type { DynamoClient } from "#stores/dynamodb/client.ts";

/** What a DynamoDB on this machine lacks: distance, and a limit for each partition. */
export interface PartitionLimits {
  readonly requestMs: number;
  /** Writes of a partition key a second, each of one unit: messages here are small. */
  readonly writesPerSecond: number;
}

/** How much is let through at once, in seconds. DynamoDB saves up five minutes; here it would be all that is measured. */
const savedSeconds = 0.1;

/** Refuses writes past a partition's limit as DynamoDB does. All clients that share a `Partitions` share its limits. */
export class Partitions {
  readonly #limits: PartitionLimits;
  readonly #taken = new Map<string, { left: number; atMs: number }>();
  refused = 0;

  constructor(limits: PartitionLimits) {
    this.#limits = limits;
  }

  clientOver(client: DynamoClient): DynamoClient {
    return {
      send: async (command, options) => {
        await delay(this.#limits.requestMs);
        const partition = partitionOf(command.input);
        if (partition !== undefined && !this.#take(partition)) {
          this.refused += 1;
          throw Object.assign(new Error("More than the partition takes."), { name: "ThrottlingException" });
        }
        return client.send(command, options);
      },
      destroy: () => client.destroy(),
    };
  }

  #take(partition: string): boolean {
    const nowMs = performance.now();
    const { writesPerSecond } = this.#limits;
    const most = Math.max(1, writesPerSecond * savedSeconds);
    const { left, atMs } = this.#taken.get(partition) ?? { left: most, atMs: nowMs };
    const now = Math.min(most, left + ((nowMs - atMs) / 1_000) * writesPerSecond);
    this.#taken.set(partition, { left: now >= 1 ? now - 1 : now, atMs: nowMs });
    return now >= 1;
  }
}

/** Of a put or an update; reads have a limit three times as high, and registering is not measured. */
function partitionOf(input: {
  TableName?: string;
  Item?: { p: { S?: string } };
  Key?: { p: { S?: string } };
  UpdateExpression?: string;
}): string | undefined {
  const key = input.Item ?? (input.UpdateExpression === undefined ? undefined : input.Key);
  return key && `${input.TableName} ${key.p.S}`;
}
