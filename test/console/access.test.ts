import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { suite, test } from "node:test";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { adminKey } from "../harness.ts";
import { assertClean, inParallel, Stage, skipReason, visit } from "./browser.ts";
import { fill } from "./text.ts";

/** Every view and dialog, held to WCAG 2.2 AA by axe, on a phone and a desk, in light and dark; and the ways by keyboard. */
const stage = new Stage();
const inBrowser = { skip: skipReason, timeout: 120_000 };
const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const screens = [
  { name: "a desk in light", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { name: "a phone in dark", viewport: { width: 360, height: 740 }, colorScheme: "dark" },
] as const;

suite("for everybody", inParallel, () => {
  for (const { name, ...options } of screens) {
    test(`no view has a serious fault, or is wider than its screen: ${name}`, inBrowser, async () => {
      await prepare();
      // axe is put in past the policy, which has its own test.
      await using screen = await stage.open("", { ...options, bypassCSP: true });
      const { page } = screen;
      await visit(page, "#/overview", "Overview");
      await page.getByRole("link", { name: "whale" }).waitFor();
      await assertAccessible(page, "overview");
      await visit(page, "#/topics", "Topics");
      await page.getByRole("link", { name: "sea" }).waitFor();
      await assertAccessible(page, "topics");
      await visit(page, "#/topics/sea", "sea");
      await page.getByRole("button", { name: /Entry 39:/ }).click();
      await assertAccessible(page, "message");
      await page.keyboard.press("Escape");
      await assertAccessible(page, "topic");
      await page.getByRole("button", { name: "Publish", exact: true }).click();
      await assertAccessible(page, "publish");
      await page.keyboard.press("Escape");
      await visit(page, "#/people", /Publishers/);
      await page.getByRole("button", { name: /mailer/ }).click();
      await page.getByRole("button", { name: "Peek" }).click();
      await page.getByRole("dialog").getByText("Entry 0:").waitFor();
      await assertAccessible(page, "subscriber");
      await page.keyboard.press("Escape");
      await assertAccessible(page, "people");
      await visit(page, "#/terms?term=whale&window=1h", "Popular terms");
      await page.getByRole("heading", { name: "Messages with “whale”" }).waitFor();
      await page.getByRole("link", { name: "whale" }).waitFor();
      await assertAccessible(page, "terms");
      await visit(page, "#/functions?tool=publish", "Functions");
      await page.getByRole("button", { name: "Run publish" }).waitFor();
      await assertAccessible(page, "functions");
      await visit(page, "#/tables?table=entries", "Tables");
      await page.getByRole("button", { name: "The whole item 1" }).waitFor();
      await assertAccessible(page, "tables");
      assertClean(screen);
    });
  }

  test("what is locked says what to do, and a fault would be noticed", inBrowser, async () => {
    await using locked = await stage.open("#/functions", { key: "", bypassCSP: true });
    await locked.page.getByText("Functions take the admin key.").waitFor();
    await assertAccessible(locked.page, "locked");
    await locked.page.evaluate(() => document.querySelector("main")?.append(document.createElement("img")));
    await assert.rejects(assertAccessible(locked.page, "an image without a text"), /image-alt/);
  });

  test("by keyboard alone: skip to the content, open a dialog, close it, and be where one was", inBrowser, async () => {
    await prepare();
    await using screen = await stage.open("#/topics/sea");
    const { page } = screen;
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
    await page.getByRole("button", { name: /Entry 39:/ }).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.getByRole("button", { name: "Skip to the content" }).focus();
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "sea");
    const publish = page.getByRole("button", { name: "Publish", exact: true });
    await publish.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement?.closest("dialog") !== null));
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await focused(), "Publish");
    await page.getByRole("link", { name: "Tables" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Tables" }).waitFor();
    assert.equal(await focused(), "Tables", "a new place takes the focus to its heading");
    assertClean(screen);
  });
});

let prepared: Promise<void> | undefined;

function prepare(): Promise<void> {
  prepared ??= (async () => {
    const { service } = await stage.up();
    await fill(service, "sea", 40);
    await service.call("POST", "/v1/subscribers", {
      token: adminKey,
      json: { name: "mailer", topics: ["sea"], from: "earliest" },
    });
  })();
  return prepared;
}

async function assertAccessible(page: Page, view: string): Promise<void> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })",
  );
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const said = serious.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`).join("\n  ")}`,
  );
  assert.deepEqual(said, [], view);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${view} is ${over} pixels wider than its screen`);
  const burst = await page.evaluate(() =>
    [...document.querySelectorAll(".panel, .figure, dialog")]
      .filter((each) => each.scrollWidth > each.clientWidth)
      .map((each) => each.textContent.slice(0, 60)),
  );
  assert.deepEqual(burst, [], `${view}: wider than what holds them`);
}
