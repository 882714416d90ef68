import { numberMarker } from "../text.ts";
import { Connection, getRequest } from "./connection.ts";
import { Gauge } from "./gauge.ts";
import type { LoadResult, PullJob } from "./jobs.ts";

const lastPage = Buffer.from('"pollAfterMs":0}');

/** One subscriber, one connection, page after page. */
export async function runPull(job: PullJob): Promise<LoadResult> {
  const connection = await Connection.open(job.port);
  const gauge = new Gauge(job.serverPid);
  const headers = { authorization: `Bearer ${job.token}` };
  gauge.start();
  for (let after = "", more = true; more; ) {
    const sentAt = performance.now();
    const request = getRequest(`${job.path}?limit=${job.limit}${after === "" ? "" : `&after=${after}`}`, headers);
    const body = await new Promise<Buffer>((resolve) => connection.send(request, resolve));
    gauge.latency(performance.now() - sentAt);
    gauge.messages += count(body, numberMarker);
    const end = body.toString("latin1", Math.max(0, body.length - 4096));
    after = /"cursor":"([^"]+)"/.exec(end.slice(end.lastIndexOf('"cursor":"')))![1]!;
    more = body.lastIndexOf(lastPage) >= 0;
  }
  const result = gauge.stop();
  connection.close();
  return result();
}

function count(bytes: Buffer, marker: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + marker.length)) found += 1;
  return found;
}
