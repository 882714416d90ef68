import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CallCost, CallName } from "./calls.ts";
import { assumed, callPrice, hoursPerMonth, passPrice, prices, secondsPerMonth, unitsPrice } from "./prices.ts";
import type { TermsCost } from "./terms.ts";
import type { Units } from "./world.ts";

/** All that is measured. */
export interface Measured {
  readonly calls: Readonly<Record<CallName, CallCost>>;
  readonly terms: readonly TermsCost[];
  readonly sweep: Units;
  readonly wordsPerMessage: number;
}

/** A use of the service, the same all month. */
export interface Workload {
  readonly name: string;
  readonly messagesPerSecond: number;
  readonly batch: 1 | 10 | 100;
  readonly shards: 1 | 4;
  readonly subscribers: number;
  /** How often each of them polls. */
  readonly pollsPerSecond: number;
  /** What a poll that finds something costs, and how many messages it is given at most. */
  readonly poll: CallName;
}

export const workloads: readonly Workload[] = [
  {
    name: "idle",
    messagesPerSecond: 0,
    batch: 1,
    shards: 1,
    subscribers: 0,
    pollsPerSecond: 0,
    poll: "read1",
  },
  {
    name: "quiet: 1,000 messages a day, 2 subscribers that poll each minute",
    messagesPerSecond: 1_000 / 86_400,
    batch: 1,
    shards: 1,
    subscribers: 2,
    pollsPerSecond: 1 / 60,
    poll: "read1",
  },
  {
    name: "steady: 10 messages/s, 2 subscribers that poll each second",
    messagesPerSecond: 10,
    batch: 1,
    shards: 1,
    subscribers: 2,
    pollsPerSecond: 1,
    poll: "read10",
  },
  {
    name: "busy: 1,000 messages/s in batches of 100, 4 shards, 4 subscribers",
    messagesPerSecond: 1_000,
    batch: 100,
    shards: 4,
    subscribers: 4,
    pollsPerSecond: 10,
    poll: "read100Batched",
  },
];

/** What a month on AWS costs, in dollars, part by part. */
export interface Bill {
  readonly calls: number;
  readonly log: number;
  readonly terms: number;
  readonly stored: number;
  readonly watching: number;
}

/** Bellwether's bill. A subscriber commits by the poll that follows (`commit=true`): one write more. */
export function billOf(workload: Workload, measured: Measured): Bill {
  const { messagesPerSecond, batch, subscribers, pollsPerSecond, poll } = workload;
  const { calls, sweep } = measured;
  const publishes = (messagesPerSecond / batch) * secondsPerMonth;
  const polls = subscribers * pollsPerSecond * secondsPerMonth;
  const full = Math.min(polls, (subscribers * messagesPerSecond * secondsPerMonth) / Math.max(1, calls[poll].messages));
  const publish = calls[publishOf(batch)];
  const found = {
    write: calls[poll].write + 1,
    read: calls[poll].read + (calls.readCommit.read - calls.read100Batched.read),
  };
  const empty = workload.shards === 1 ? calls.idle : calls.idle4;
  const sweeps = secondsPerMonth / 300;
  const passes = Math.min(messagesPerSecond, 1) * secondsPerMonth;
  return {
    calls: (publishes + polls) * callPrice(),
    log: publishes * unitsPrice(publish) + full * unitsPrice(found) + (polls - full) * unitsPrice(empty),
    terms:
      messagesPerSecond * secondsPerMonth * unitsPrice(termsOf(messagesPerSecond, measured.terms)) +
      passes * passPrice() +
      sweeps * (2 * passPrice() + unitsPrice(sweep)),
    stored: storedGigabytes(workload, measured) * (prices.stored + prices.restorable),
    watching: alarms() * prices.alarm + (messagesPerSecond === 0 ? 2 : 6) * prices.metric,
  };
}

export function totalOf(bill: Bill): number {
  return Object.values(bill).reduce((sum, part) => sum + part, 0);
}

/** The same with a row for each word of each message, and of all topics, in place of summaries. */
export function rowPerWord(workload: Workload, measured: Measured): number {
  const bill = billOf(workload, measured);
  const rows = 2 * measured.wordsPerMessage * workload.messagesPerSecond * secondsPerMonth;
  return totalOf({ ...bill, terms: (rows * prices.writeUnits) / 1e6 });
}

/** SNS with a queue for each subscriber: no log, no repeat, no terms; requests of up to ten messages. */
export function snsAndSqs({ messagesPerSecond, batch, subscribers, pollsPerSecond }: Workload): number {
  const messages = messagesPerSecond * secondsPerMonth;
  const publishes = messages / Math.min(10, batch);
  const perReceive = Math.min(10, Math.max(1, messagesPerSecond / Math.max(pollsPerSecond, 1e-9)));
  const receives = subscribers * Math.max(messages / perReceive, secondsPerMonth / 20);
  const deletes = (subscribers * messages) / perReceive;
  return (publishes * prices.snsPublishes + (receives + deletes) * prices.sqsRequests) / 1e6;
}

/** A load balancer with two addresses, two servers, and a database in two zones with the log on its disk. */
export function traditional(workload: Workload, measured: Measured): number {
  const { balancer, balancerUnit, publicAddress, server, database, databaseDisk } = prices;
  const bytesPerSecond = workload.messagesPerSecond * messageBytes * (1 + workload.subscribers);
  const balancerUnits = (bytesPerSecond * 3_600) / 1e9;
  const hourly = balancer + balancerUnits * balancerUnit + 2 * publicAddress + 2 * server + database;
  const disk = Math.max(assumed.diskGigabytes, 2 * storedGigabytes(workload, measured));
  return hourly * hoursPerMonth + disk * databaseDisk;
}

const messageBytes = 300;

function publishOf(batch: Workload["batch"]): CallName {
  return batch === 1 ? "publish" : batch === 10 ? "publish10" : "publish100";
}

/** A single message is an entry of some 300 bytes; of a batch the entry is what was paid for beside the ticket. */
function storedGigabytes({ messagesPerSecond, batch }: Workload, { calls }: Measured): number {
  const entryBytes = batch === 1 ? messageBytes : (calls[publishOf(batch)].write - 1) * 1_024;
  return ((messagesPerSecond / batch) * entryBytes * assumed.storedDays * 86_400) / 1e9;
}

/** At the highest rate measured that is not above this one; below all of them each message is a pass of its own, as at the lowest. */
function termsOf(messagesPerSecond: number, terms: readonly TermsCost[]): Units {
  return terms.findLast(({ perSecond }) => perSecond <= messagesPerSecond) ?? terms[0]!;
}

/** As the template has them. */
function alarms(): number {
  const template = JSON.parse(readFileSync(join(import.meta.dirname, "../../infra/template.json"), "utf8"));
  const resources = Object.values(template.Resources) as { Type: string }[];
  return resources.filter(({ Type }) => Type === "AWS::CloudWatch::Alarm").length;
}
