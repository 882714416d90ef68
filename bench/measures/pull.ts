import { runLoad } from "../generator.ts";
import type { LoadResult } from "../load/jobs.ts";
import type { Measure } from "../measure.ts";
import { median } from "../rounds.ts";
import { startService } from "../servers.ts";

const limit = 1_000;

/**
 * One subscriber reading what was published, page by page. Expected: 300 KB copied and concatenated a page, about 1 us a
 * message: 300,000-600,000 deliveries/s.
 */
export const pull: Measure = {
  name: "pull",
  about: "one subscriber reading pages of 1,000 over what was published",
  async run({ server, messageBytes, rounds, quick }) {
    const messages = quick ? 100_000 : 500_000;
    const service = await startService(server);
    try {
      const target = { port: service.port, ...(await service.topic("bench", false)), messageBytes, batch: 1_000 };
      const { subscriberId, token } = await service.call("POST", "/v1/subscribers", {
        topics: ["bench"],
        from: "earliest",
      });
      await runLoad({
        kind: "closed-loop",
        target,
        connections: 4,
        warmUpSeconds: 0,
        seconds: 0,
        requestsMax: messages / target.batch,
        serverPid: service.pid,
      });
      const results: LoadResult[] = [];
      for (let round = 0; round < rounds; round++) {
        process.stderr.write(`  round ${round + 1}/${rounds}\n`);
        const result = await runLoad({
          kind: "pull",
          port: service.port,
          path: `/v1/subscribers/${subscriberId}/messages`,
          token: String(token),
          limit,
          serverPid: service.pid,
        });
        if (result.messages !== messages) throw new Error(`Read ${result.messages} of ${messages} messages.`);
        results.push(result);
      }
      const rates = results.map(({ messagesPerSecond }) => messagesPerSecond);
      const of = (pick: (result: LoadResult) => number): string => `${median(results.map(pick)).toFixed(1)} ms`;
      return [
        {
          what: `pull deliveries, pages of ${limit}, ${messages.toLocaleString("en")} stored`,
          value: median(rates),
          unit: "deliveries/s",
          rounds: rates,
          detail: `p50 ${of(({ p50Ms }) => p50Ms)}, p99 ${of(({ p99Ms }) => p99Ms)} a page`,
        },
      ];
    } finally {
      await service.stop();
    }
  },
};
