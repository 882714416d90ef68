import { join } from "node:path";
import { openBellwether } from "#hosts/in-process/main.ts";
import { median } from "../rounds.ts";
import { makeFolder } from "../servers.ts";
import type { TermsMeasure } from "./measure.ts";

const batch = 1_000;
const questions = 200;

/** The whole of `getPopularTerms` inside a process, asked again and again over what was just published. */
export const warm: TermsMeasure = {
  name: "warm",
  about: "getPopularTerms of the last hour, asked again and again",
  async run({ text, quick }) {
    const folder = makeFolder();
    const { client, close } = await openBellwether({ dataDir: join(folder.path, "data") });
    try {
      await client.putTopic("bench", {});
      const texts = text.texts.slice(0, quick ? 2_000 : 50_000);
      for (let at = 0; at < texts.length; at += batch)
        await client.publish(
          "bench",
          texts.slice(at, at + batch).map((body) => ({ body })),
        );
      const ask = () => client.getPopularTerms({ topic: "bench", window: "1h", limit: 100 });
      while ((await ask()).messages < texts.length) await new Promise((resolve) => setTimeout(resolve, 100));
      const times: number[] = [];
      for (let i = 0; i < questions; i++) {
        const begin = performance.now();
        await ask();
        times.push(performance.now() - begin);
      }
      const goals = [{ of: "value", atMost: 1 } as const];
      const what = "warm answer over 1 h, in process";
      return [{ what, value: median(times), unit: "ms", rounds: times, detail: `${questions} questions`, goals }];
    } finally {
      await close();
      folder.remove();
    }
  },
};
