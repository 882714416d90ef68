import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after } from "node:test";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { freshenConsole } from "../../scripts/build-console.ts";
import { adminKey, startService, type TestService } from "../harness.ts";

/** The browser that the tests of the console use: the system's own, as none is downloaded. */
export const chromiumPath: string = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why the tests in a browser are skipped; false when they run. */
export const skipReason: string | false = existsSync(chromiumPath)
  ? false
  : `there is no Chromium at ${chromiumPath}; install one, or name it in CHROMIUM`;

/** Most of a test's time is waiting for what comes by itself: a few run beside each other, each on topics of its own. */
export const inParallel: { readonly concurrency: number } = { concurrency: 3 };

/** Opens the system's Chromium without a window. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
}

interface Up {
  readonly browser: Browser;
  readonly service: TestService;
}

/** A browser and a service for the tests of a file, started by the first test that needs them. */
export class Stage {
  readonly #flags: Parameters<typeof startService>[0];
  #up: Promise<Up> | undefined;

  constructor(flags: Parameters<typeof startService>[0] = { adminKey }) {
    this.#flags = flags;
    after(async () => {
      const up = await this.#up?.catch(() => undefined);
      await up?.browser.close();
      await up?.service.close();
    });
  }

  /** The console is built first: a test looks at what there is now. */
  up(): Promise<Up> {
    this.#up ??= (async () => {
      await freshenConsole();
      const [browser, service] = await Promise.all([launch(), startService(this.#flags)]);
      return { browser, service };
    })();
    return this.#up;
  }

  /** A page of its own. Whatever the console logs as an error, or leaves uncaught, fails the test through `errors`. */
  async open(path = "", options: BrowserContextOptions & { readonly key?: string | undefined } = {}): Promise<Screen> {
    const { key = adminKey, ...context } = options;
    const { browser, service } = await this.up();
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...context });
    page.setDefaultTimeout(20_000);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack)));
    page.on("console", (message) => {
      // Answers of 401 and lost connections are part of what is tested; a breach of the policy is not.
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) errors.push(message.text());
    });
    await page.goto(`${service.url}/${path}`);
    if (key !== "") await signIn(page, key);
    return { page, errors, [Symbol.asyncDispose]: () => page.context().close() };
  }
}

export interface Screen extends AsyncDisposable {
  readonly page: Page;
  readonly errors: readonly string[];
}

/** Gives the key, as a person would; of another service than the page's own with its address. */
export async function signIn(page: Page, key: string, keep = false, url?: string): Promise<void> {
  await page.locator(".link-state").click();
  if (url !== undefined) await page.getByLabel("Service").fill(url);
  await page.getByLabel("Admin key or token").fill(key);
  if (keep) await page.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

/** Goes to a view as a link would. */
export async function visit(page: Page, hash: string, heading: string | RegExp): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

/** Holds that nothing went wrong in the page. */
export function assertClean({ errors }: Screen): void {
  assert.deepEqual(errors, []);
}
