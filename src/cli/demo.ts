import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { type DemoText, readGivenTexts, readInstalledTexts } from "./demo-texts.ts";
import { runTour } from "./demo-tour.ts";
import { countOf } from "./format.ts";
import { parseWhole } from "./usage.ts";

/** `bellwether demo`. */
export const demoCommand = defineCommand({
  summary: "a tour: publish real text, read it, and watch what it talks about",
  help: `
bellwether demo [file]...

Publishes text, paragraph by paragraph, with three publishers to up to three topics, reads it with two subscribers, and
shows the popular terms as they change. The text is that of the files, else documents found on this machine. If no
service answers at the URL, one is started in a temporary folder, and is gone afterwards.

  --seconds N         how long to take; 20 by default`,
  options: { seconds: { type: "string" } },
  argumentsMax: 100,
  async run(context, values, files) {
    const seconds = parseWhole("--seconds", values.seconds ?? "20", 1, 86_400);
    const texts = files.length > 0 ? await readGivenTexts(files) : await readInstalledTexts(packageFolder);
    if (texts.length === 0) throw new Error("There is no text with paragraphs to publish. Name other files.");
    const service = await findService(context);
    try {
      await runTour({ ...context, url: service.url }, texts, seconds);
      await context.stdout.write(whatNext(service.url, service.isOwn, texts));
    } finally {
      await service.close();
    }
  },
});

/** Two folders up in the sources as in what is installed. */
const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

interface DemoService {
  readonly url: string;
  readonly isOwn: boolean;
  close(): Promise<void>;
}

async function findService(context: Context): Promise<DemoService> {
  const health = await fetch(`${context.url.replace(/\/+$/, "")}/healthz`, {
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined);
  await health?.body?.cancel();
  if (health?.ok) {
    await context.stdout.write(`Using the service at ${context.url}.\n`);
    return { url: context.url, isOwn: false, close: async () => {} };
  }
  const { startLocalService } = await import("#hosts/local/service.main.ts");
  const dataDir = await mkdtemp(join(tmpdir(), "bellwether-demo-"));
  const service = await startLocalService(
    { port: "0", host: "127.0.0.1", dataDir, logLevel: "warn", auditLog: "false" },
    {},
  );
  await context.stdout.write(`Started a service for this tour at ${service.url}.\n`);
  return {
    url: service.url,
    isOwn: true,
    async close() {
      await service.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function whatNext(url: string, isOwn: boolean, texts: readonly DemoText[]): string {
  const topic = texts[0]?.topic ?? "news";
  const there = `
These ${countOf(texts.length, "topic")} stay in the service:
  bellwether subscribe ${topic} --url ${url} --limit 3
  bellwether terms ${topic} --url ${url} --watch
`;
  const own = `
That service and its data are gone now. To go on with one that stays:
  bellwether serve
and in another terminal:
  bellwether publish news "Hello, world"
  bellwether subscribe news --follow
  bellwether terms news --watch
`;
  return `${isOwn ? own : there}Every function is plain HTTP; ${isOwn ? "the service's" : url} /openapi.json lists them.\n`;
}
