import { setTimeout as delay } from "node:timers/promises";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { callEngine } from "./engine-call.ts";

export interface StreamPollerOptions {
  readonly url: string;
  readonly table: string;
  /** Gives a batch to the function; true when it took it. */
  readonly deliver: (event: DynamoDBStreamEvent) => Promise<boolean>;
  readonly onFault: (error: unknown) => void;
}

const batchRecordsMax = 1_000;
const pollMs = 200;
/** A batch that fails is given again, later each time, and in the end dropped. */
const tries = 10;

/**
 * What Lambda's event source mapping does: reads each shard of a table's stream from its beginning and gives the function
 * batches in order, one at a time for each shard, again and again until it takes one: at least once.
 */
export function startStreamPoller(options: StreamPollerOptions): {
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
} {
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const { url, table } = options;

  async function followStream(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const { Streams: streams } = await callEngine(url, "DynamoDBStreams.ListStreams", { TableName: table });
        for (const { StreamArn: arn } of streams) {
          const { StreamDescription: stream } = await callEngine(url, "DynamoDBStreams.DescribeStream", {
            StreamArn: arn,
          });
          for (const { ShardId: id } of stream.Shards) {
            if (!running.has(id)) running.set(id, followShard(arn, id).catch(options.onFault));
          }
        }
      } catch (error) {
        if (!stopping.signal.aborted) options.onFault(error);
      }
      await pause(2_000);
    }
  }

  async function followShard(arn: string, id: string): Promise<void> {
    const start = { StreamArn: arn, ShardId: id, ShardIteratorType: "TRIM_HORIZON" };
    let iterator: string | undefined = (await callEngine(url, "DynamoDBStreams.GetShardIterator", start)).ShardIterator;
    while (iterator !== undefined && !stopping.signal.aborted) {
      const output: { Records: DynamoDBRecord[]; NextShardIterator?: string } = await callEngine(
        url,
        "DynamoDBStreams.GetRecords",
        { ShardIterator: iterator, Limit: batchRecordsMax },
      );
      iterator = output.NextShardIterator;
      const records = output.Records.filter(({ eventName }) => eventName === "INSERT");
      if (records.length > 0) await deliverOften({ Records: records });
      else await pause(pollMs);
    }
  }

  async function deliverOften(event: DynamoDBStreamEvent): Promise<void> {
    for (let nth = 0; nth < tries && !stopping.signal.aborted; nth++) {
      if (await options.deliver(event)) return;
      await pause(100 * 2 ** nth);
    }
  }

  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal: stopping.signal }).catch(() => {});
  const stopped = followStream().then(async () => {
    await Promise.all(running.values());
  });
  return {
    stopped,
    stop() {
      stopping.abort();
      return stopped;
    },
  };
}
