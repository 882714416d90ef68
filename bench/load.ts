import { runClosedLoop } from "./load/closed-loop.ts";
import { eventStreamRequest, openEventStreams } from "./load/event-streams.ts";
import type { IdleStreamsJob, LoadJob, LoadReply } from "./load/jobs.ts";
import { runLadder, runOpenLoop } from "./load/open-loop.ts";
import { runPull } from "./load/pull.ts";

/**
 * The load generator's process: takes one job over IPC, answers with its result, and ends. Raw sockets, prebuilt requests
 * and hardly any parsing, as what it uses of its core is what it could not have offered.
 */
const reply = (message: LoadReply): void => void process.send!(message);

process.once("message", (job: LoadJob) => {
  run(job).then(
    () => process.disconnect(),
    (error: unknown) => fail(error),
  );
});
process.on("uncaughtException", fail);

async function run(job: LoadJob): Promise<void> {
  if (job.kind === "idle-streams") return holdStreams(job);
  if (job.kind === "closed-loop") reply({ result: await runClosedLoop(job) });
  else if (job.kind === "open-loop") reply({ result: await runOpenLoop(job) });
  else if (job.kind === "ladder") reply({ result: await runLadder(job) });
  else reply({ result: await runPull(job) });
}

async function holdStreams({ port, path, streams }: IdleStreamsJob): Promise<void> {
  const held = await openEventStreams(port, eventStreamRequest(path), streams, () => {});
  reply({ ready: true });
  await new Promise((resolve) => process.once("message", resolve));
  held.close();
}

function fail(error: unknown): void {
  if (!process.connected) return;
  reply({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.disconnect();
}
