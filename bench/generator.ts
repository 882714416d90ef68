import { once } from "node:events";
import type { IdleStreamsJob, LoadJob, LoadReply, ResultOf } from "./load/jobs.ts";
import { endProcess, startNode } from "./processes.ts";

/** Runs a job in a fresh generator process. */
export async function runLoad<Job extends Exclude<LoadJob, IdleStreamsJob>>(job: Job): Promise<ResultOf<Job>> {
  const { child, reply } = await begin(job);
  await endProcess(child);
  if (!("result" in reply)) throw new Error(`The generator did not finish: ${JSON.stringify(reply)}`);
  const { result } = reply;
  if (job.kind !== "open-loop" && "generatorCpu" in result && result.generatorCpu > 0.9)
    process.stderr.write(`  note: the generator used ${Math.round(result.generatorCpu * 100)} % of its core\n`);
  return result as ResultOf<Job>;
}

/** Holds event streams in a generator process of their own until stopped. */
export async function holdStreams(job: IdleStreamsJob): Promise<{ stop(): Promise<void> }> {
  const { child } = await begin(job);
  return {
    async stop() {
      const exited = once(child, "exit");
      child.send("stop");
      await exited;
    },
  };
}

async function begin(job: LoadJob): Promise<{ child: ReturnType<typeof startNode>; reply: LoadReply }> {
  const child = startNode("generator", "bench/load.ts", [], ["ignore", "inherit", "inherit", "ipc"]);
  child.send(job);
  const reply = await Promise.race([
    once(child, "message").then(([message]) => message as LoadReply),
    once(child, "exit").then(([code]): LoadReply => ({ failed: `it ended with ${code}` })),
  ]);
  if ("failed" in reply) {
    await endProcess(child);
    throw new Error(`The generator failed: ${reply.failed}`);
  }
  return { child, reply };
}
