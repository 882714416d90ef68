import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type Client, createClient, type MessageIn, type PublisherHandle } from "#client/mod.ts";
import { startLocalService } from "#hosts/local/service.main.ts";
import { freshenConsole } from "./build-console.ts";

/**
 * Takes the pictures of the console that the README shows, of a service that is being filled with real text: files of
 * NDJSON whose lines have `title` and `text`. With `--all FOLDER` it takes every view instead, as wide as a phone and as a
 * desk, light and dark, to be looked at.
 */
const { values, positionals } = parseArgs({ options: { all: { type: "string" } }, allowPositionals: true });
if (positionals.length === 0) throw new Error("Give files of NDJSON whose lines have `title` and `text`.");

const adminKey = "a-key-for-pictures";
const topics = ["logbook", "harbour.news", "letters"];

/** Every view by its name, its place and what is pressed there before the picture is taken. */
const views: readonly (readonly [name: string, hash: string, press?: (page: Page) => Promise<void>])[] = [
  ["overview", "#/overview"],
  ["topics", "#/topics"],
  ["topic", "#/topics/logbook?span=all"],
  ["message", "#/topics/letters", (page) => page.locator(".message-line").first().click()],
  ["publish", "#/topics/letters", (page) => page.getByRole("button", { name: "Publish", exact: true }).click()],
  ["people", "#/people"],
  ["subscriber", "#/people", openSubscriber],
  ["terms", "#/terms?window=10m&term=whale"],
  ["functions", "#/functions"],
  ["test-tool", "#/functions?tool=publish", (page) => page.getByRole("button", { name: "Run publish" }).click()],
  ["tables", "#/tables"],
  ["table", "#/tables?table=entries"],
  ["connection", "#/topics", (page) => page.locator(".link-state").click()],
];

await freshenConsole();
const dataDir = await mkdtemp(join(tmpdir(), "bellwether-pictures-"));
const service = await startLocalService({ port: "0", dataDir, adminKey, logLevel: "silent" }, {});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const client = createClient({ url: service.url, adminKey });
  const lines = (await Promise.all(positionals.map((path) => readFile(path, "utf8")))).join("\n").split("\n");
  const texts = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as { title: string; text: string });
  const publishers = await register(client);
  const publishing = { client, publishers, texts };
  await (values.all === undefined ? takeTwo(publishing) : takeAll(publishing, values.all));
} finally {
  await browser.close();
  await service.close();
  await rm(dataDir, { recursive: true, force: true });
}

interface Publishing {
  readonly client: Client;
  readonly publishers: readonly PublisherHandle[];
  readonly texts: readonly { title: string; text: string }[];
}

async function register(client: Client): Promise<PublisherHandle[]> {
  const publishers: PublisherHandle[] = [];
  for (const name of ["Ishmael", "Queequeg", "Starbuck"])
    publishers.push(client.publisher(await client.registerPublisher({ name, topics })));
  for (const [i, name] of ["archive", "search index", "mailer", "dashboard", "alerts"].entries()) {
    const topicsRead = i % 2 === 0 ? topics : topics.slice(0, 2);
    await client.registerSubscriber({ name, topics: topicsRead, from: "earliest" });
  }
  return publishers;
}

async function takeTwo(what: Publishing): Promise<void> {
  const folder = join("docs", "images");
  await mkdir(folder, { recursive: true });
  const page = await open({ viewport: { width: 1280, height: 900 }, colorScheme: "light", deviceScaleFactor: 1 });
  // So long that there is a time before the last minute, which rising terms are held against.
  const publishing = publishAll(what, 280_000);
  await page.waitForTimeout(262_000);
  await page.screenshot({ path: join(folder, "console-overview.png") });
  await publishing;
  await page.context().close();
  const dark = await open({ viewport: { width: 1280, height: 900 }, colorScheme: "dark", deviceScaleFactor: 1 });
  await go(dark, "#/terms?window=1m");
  await dark.waitForTimeout(8_000);
  await dark.screenshot({ path: join(folder, "console-terms.png") });
}

async function takeAll(what: Publishing, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await publishAll(what, 5_000);
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1280]) {
      const page = await open({ viewport: { width, height: width === 360 ? 740 : 900 }, colorScheme });
      for (const [name, hash, press] of views) {
        await go(page, hash);
        await page.waitForTimeout(1_200);
        await press?.(page);
        await page.waitForTimeout(600);
        const isDialog = await page.getByRole("dialog").isVisible();
        await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: !isDialog });
        if (isDialog) await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
      await page.context().close();
    }
  }
}

async function openSubscriber(page: Page): Promise<void> {
  await page.locator("button.person-line").first().click();
  await page.getByRole("button", { name: "Peek" }).click();
}

async function open(options: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(service.url);
  await page.locator(".link-state").click();
  await page.getByLabel("Admin key or token").fill(adminKey);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  return page;
}

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

/** Publishes everything within a time, in waves, while subscribers read with different diligence. */
async function publishAll({ client, publishers, texts }: Publishing, withinMs: number): Promise<void> {
  // Often enough that the console, which asks every two seconds, sees a flow and not the steps.
  const steps = Math.max(100, Math.round(withinMs / 700));
  const { items: subscribers } = await client.listSubscribers();
  const weights = Array.from({ length: steps }, (_, i) => 1.3 + Math.sin((i / steps) * 16));
  const total = weights.reduce((sum, each) => sum + each, 0);
  let from = 0;
  for (const [i, weight] of weights.entries()) {
    const to = i === steps - 1 ? texts.length : from + Math.round((texts.length * weight) / total);
    const messages = texts
      .slice(from, to)
      .map(({ title, text }): MessageIn => ({ title: nameOf(title), body: text, key: keyOf(title) }));
    const publisher = publishers[[0, 1, 0, 2][i % 4]!]!;
    if (messages.length > 0) await publisher.publish(topics[[0, 0, 1, 0, 2][i % 5]!]!, messages);
    from = to;
    for (const [n, { subscriberId }] of subscribers.entries()) {
      if (i % (n + 1) === 0) await readSome(client, subscriberId, Math.round((60 - 12 * n) * (100 / steps)));
    }
    await delay(withinMs / steps);
  }
}

async function readSome(client: Client, subscriberId: string, limit: number): Promise<void> {
  const { cursor } = await client.subscribe(subscriberId, { limit: Math.max(4, limit) });
  await client.commitCursor(subscriberId, { cursor });
}

/** A chapter without its number: "chapter" would be the most popular of all words. */
function nameOf(title: string): string {
  return title.replace(/^chapter \d+\. /i, "");
}

/** The chapter, as the key of its lines. */
function keyOf(title: string): string {
  return title.split(".")[0]!.toLowerCase().replace(/\s+/g, "-").slice(0, 24);
}
