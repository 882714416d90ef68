import { numberOffset, writeNumber } from "../text.ts";
import { openConnections } from "./connection.ts";
import { openEventStreams } from "./event-streams.ts";
import { Gauge } from "./gauge.ts";
import type { LoadResult, OpenLoopJob } from "./jobs.ts";
import { publishRequests } from "./requests.ts";

/** How long after the last message its deliveries may take. */
const lingerMs = 10_000;

export async function runOpenLoop(job: OpenLoopJob): Promise<LoadResult> {
  const { target, messagesPerSecond, streams } = job;
  const requests = publishRequests(target);
  const offsets = requests.map(numberOffset);
  const idle = await openConnections(target.port, job.connections);
  const all = [...idle];
  const warmUp = Math.round(job.warmUpSeconds * messagesPerSecond);
  const total = warmUp + Math.round(job.seconds * messagesPerSecond);
  const expected = (total - warmUp) * (streams || 1);
  const gauge = new Gauge(job.serverPid);
  let startedAt = 0;
  let arrived = 0;

  /** A message has come where it was going: to its reader, or with no reader to its acknowledgement. */
  const arrive = (number: number): void => {
    if (gauge.running) gauge.messages += 1;
    if (number < warmUp) return;
    arrived += 1;
    gauge.latency(performance.now() - startedAt - (number / messagesPerSecond) * 1000);
  };
  const reading = streams > 0 ? await openEventStreams(target.port, target.path, streams, arrive) : undefined;

  /** Messages that were due while every connection was busy; they go first. */
  let due = 0;
  let sent = 0;
  const sendDue = (): void => {
    while (sent < due && idle.length > 0) {
      const number = sent++;
      const connection = idle.pop()!;
      const request = requests[number % requests.length]!;
      writeNumber(request, offsets[number % requests.length]!, number);
      connection.send(request, () => {
        gauge.messagesTotal += 1;
        idle.push(connection);
        if (!reading) arrive(number);
        if (sent < due) sendDue();
      });
    }
  };

  startedAt = performance.now();
  while (due < total) {
    const elapsed = performance.now() - startedAt;
    due = Math.min(total, Math.floor((elapsed / 1000) * messagesPerSecond) + 1);
    if (!gauge.running && due > warmUp) gauge.start();
    sendDue();
    await turn((due / messagesPerSecond) * 1000 - elapsed);
  }
  const result = gauge.stop();
  const until = performance.now() + lingerMs;
  while (arrived < expected && performance.now() < until) await turn(10);
  reading?.close();
  for (const connection of all) connection.close();
  return result(expected - arrived);
}

/** A turn of the event loop; a timer only where there is time for one, as timers are a millisecond off. */
function turn(spareMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (spareMs > 2) setTimeout(resolve, 1);
    else setImmediate(resolve);
  });
}
