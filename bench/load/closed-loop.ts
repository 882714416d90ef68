import { Gauge } from "./gauge.ts";
import type { ClosedLoopJob, LoadResult } from "./jobs.ts";
import { openSenders, type Sender } from "./senders.ts";

export async function runClosedLoop(job: ClosedLoopJob): Promise<LoadResult> {
  const { batch } = job.target;
  const senders = await openSenders(job.target, job.connections);
  const gauge = new Gauge(job.serverPid);
  let next = 0;
  let inFlight = 0;
  let stopping = false;
  let drained = (): void => {};

  const loop = (sender: Sender): void => {
    if (stopping || next === job.requestsMax) {
      if (inFlight === 0) drained();
      return;
    }
    const sentAt = performance.now();
    inFlight += 1;
    sender.send(next++, () => {
      inFlight -= 1;
      gauge.messagesTotal += batch;
      if (gauge.running) {
        gauge.messages += batch;
        gauge.latency(performance.now() - sentAt);
      }
      loop(sender);
    });
  };

  const allAnswered = new Promise<void>((resolve) => {
    drained = resolve;
  });
  const warmUpSeconds = job.requestsMax === undefined ? job.warmUpSeconds : 0;
  if (warmUpSeconds === 0) gauge.start();
  for (const sender of senders) loop(sender);
  if (warmUpSeconds > 0) {
    await seconds(warmUpSeconds);
    gauge.start();
  }
  if (job.requestsMax === undefined) await seconds(job.seconds);
  else await allAnswered;
  const result = gauge.stop();
  stopping = true;
  await allAnswered;
  for (const sender of senders) sender.close();
  return result();
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
