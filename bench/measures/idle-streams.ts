import { holdStreams, runLoad } from "../generator.ts";
import type { Measure } from "../measure.ts";
import { alternate, median, medianRatio } from "../rounds.ts";
import { startService } from "../servers.ts";

const streams = 1_000;
const messagesPerSecond = 2_000;
/** A stream's heartbeat: with the streams open, a round is as long, so that each beats once in it. */
const heartbeatSeconds = 15;

/** What a reader costs that has nothing to read. Expected: one timer and one write in 15 s each: 1-2 % of a core. */
export const idleStreams: Measure = {
  name: "idle-streams",
  about: "CPU per published message with 1,000 idle event streams of another topic, and without",
  async run({ server, messageBytes, warmUpSeconds, seconds, rounds, quick }) {
    const service = await startService(server);
    try {
      const topic = await service.topic("bench", true);
      const quiet = await service.topic("quiet", true);
      const publish = async (forSeconds: number): Promise<number> => {
        const result = await runLoad({
          kind: "open-loop",
          target: { port: service.port, ...topic, messageBytes, batch: 1 },
          connections: 64,
          messagesPerSecond,
          streams: 0,
          warmUpSeconds,
          seconds: forSeconds,
          serverPid: service.pid,
        });
        return (result.serverCpuSeconds / result.messages) * 1e6;
      };
      const results = await alternate(rounds, {
        without: () => publish(seconds * 2),
        with: async () => {
          const held = await holdStreams({ kind: "idle-streams", port: service.port, path: quiet.path, streams });
          try {
            return await publish(quick ? seconds * 2 : heartbeatSeconds);
          } finally {
            await held.stop();
          }
        },
      });
      return [
        {
          what: `server CPU per message with ${streams} idle streams`,
          value: median(results.with),
          unit: "us",
          rounds: results.with,
          detail: `at ${messagesPerSecond} messages/s`,
          anchor: {
            name: "no streams",
            value: median(results.without),
            ratio: medianRatio(results.with, results.without),
          },
          goals: [{ of: "ratio", atMost: 1.1 }],
        },
      ];
    } finally {
      await service.stop();
    }
  },
};
