import assert from "node:assert/strict";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import { adminKey } from "../harness.ts";
import { assertClean, inParallel, Stage, signIn, skipReason, visit } from "./browser.ts";
import { fill } from "./text.ts";

/** What a page meets that lives long: a service that goes and comes, texts meant to harm, great numbers, secrets. */
const stage = new Stage();
const inBrowser = { skip: skipReason, timeout: 120_000 };

suite("a long-lived page", inParallel, () => {
  test(
    "a service that is gone is said to be gone, and the page goes on by itself when it is back",
    inBrowser,
    async () => {
      const { service } = await stage.up();
      await fill(service, "coming-and-going", 3);
      const front = await Front.before(service.port);
      await using screen = await stage.open("#/overview", { key: "" });
      const { page } = screen;
      await page.goto(`${front.url}/#/topics/coming-and-going`);
      await signIn(page, adminKey);
      await page.getByRole("button", { name: /Entry 2:/ }).waitFor();
      front.isDown = true;
      await page.getByText(/does not answer\. What you see is from before/).waitFor();
      assert.ok(await page.getByRole("button", { name: /Entry 2:/ }).isVisible(), "what was shown stays");
      await service.call("POST", "/v1/topics/coming-and-going/messages", {
        token: adminKey,
        json: { body: "meanwhile" },
      });
      front.isDown = false;
      await page.getByRole("button", { name: /meanwhile/ }).waitFor();
      await page.getByText(/does not answer/).waitFor({ state: "detached" });
      await front.close();
      assertClean(screen);
    },
  );

  test("what a message contains is shown as text and does no harm", inBrowser, async () => {
    const { service } = await stage.up();
    const hostile = [
      '<img src=x onerror="globalThis.harmed=1"><script>globalThis.harmed=1</script>',
      "user\u202egpj.exe \u2066hidden\u2069 \u0007bell \u0000zero",
      "javascript:globalThis.harmed=1",
    ];
    await service.call("PUT", "/v1/topics/hostile", { token: adminKey, json: {} });
    for (const text of hostile) {
      const json = { title: text, body: { text }, key: text, attributes: { [text]: text } };
      const answer = await service.call("POST", "/v1/topics/hostile/messages", { token: adminKey, json });
      assert.equal(answer.status, 201, answer.text);
    }
    await service.call("POST", "/v1/publishers", { token: adminKey, json: { name: hostile[0], topics: ["hostile"] } });
    await using screen = await stage.open("#/topics/hostile");
    const { page } = screen;
    const lines = page.getByRole("region", { name: "Messages, the newest first" });
    await lines.getByText("<img src=x").first().waitFor();
    await lines.getByText("U+202E").first().waitFor();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch((await page.locator("main").textContent()) ?? "", /[\u202a-\u202e\u2066-\u2069\u0000\u0007]/);
    await lines.getByRole("button", { name: /gpj/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("U+0007").first().waitFor();
    assert.equal(
      await dialog
        .locator("bdi")
        .first()
        .evaluate((each) => getComputedStyle(each).unicodeBidi),
      "isolate",
    );
    await page.keyboard.press("Escape");
    await visit(page, "#/people?kind=publishers", /Publishers/);
    await page.getByText("<img src=x").first().waitFor();
    assert.equal(await page.evaluate(() => "harmed" in globalThis), false);
    assert.equal(await page.locator("main img, main script").count(), 0);
    assertClean(screen);
  });

  test("the largest message of one letter is cut to what can be drawn", inBrowser, async () => {
    const { service } = await stage.up();
    await service.call("PUT", "/v1/topics/one-letter", { token: adminKey, json: {} });
    const body = "a".repeat(260_000);
    await service.call("POST", "/v1/topics/one-letter/messages", { token: adminKey, json: { body } });
    await using screen = await stage.open("#/topics/one-letter", { viewport: { width: 360, height: 740 } });
    const { page } = screen;
    await page.getByRole("button", { name: /aaaa/ }).click();
    await page.getByText("The first 20.0 KB of 260 KB.").waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByText("The first 80.0 KB of 260 KB.").waitFor();
    const width = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(width <= 0, `${width} pixels wider than the screen`);
    assertClean(screen);
  });

  test("of 100,000 messages and 1,000 subscribers only what is seen is asked for and drawn", inBrowser, async () => {
    const { service } = await stage.up();
    await fill(service, "crowded", 100_000);
    for (let i = 0; i < 1_000; i += 50) {
      await Promise.all(
        Array.from({ length: 50 }, () => service.registerSubscriber(["crowded"], "earliest", adminKey)),
      );
    }
    await using screen = await stage.open("#/topics/crowded");
    const { page } = screen;
    const lines = page.getByRole("region", { name: "Messages, the newest first" });
    await lines.getByText("Entry 99999:").waitFor();
    const asked: string[] = [];
    page.on("request", (each) => asked.push(each.url()));
    for (let end = 0; end < 6; end += 1) {
      await lines.evaluate((list) => list.scrollTo(0, list.scrollHeight));
      await page.getByText(`${50 * (end + 2)} messages read;`).waitFor();
    }
    assert.ok((await lines.getByRole("listitem").count()) < 40, "lines drawn");
    const waiting = page.getByRole("region", { name: /^Subscribers, the one that lags most/ });
    await page.getByText("1,000 of 1,000 have not committed everything.").waitFor();
    assert.ok((await waiting.getByRole("listitem").count()) < 40, "subscribers drawn");
    assert.ok(asked.filter((url) => url.includes("/messages?")).length < 30, asked.join("\n"));
    await visit(page, "#/people", /Publishers/);
    const people = page.getByRole("region", { name: "Subscribers", exact: true }).last();
    await people.getByRole("listitem").first().waitFor();
    for (let end = 1; end <= 3; end += 1) {
      await people.evaluate((list) => list.scrollTo(0, list.scrollHeight));
      await page.getByText(`${100 * (end + 1)} subscribers read;`).waitFor();
    }
    assert.ok((await people.getByRole("listitem").count()) < 40, "people drawn");
    assertClean(screen);
  });

  test("a key stands in no address and in no storage, unless its holder wants it kept", inBrowser, async () => {
    await using screen = await stage.open("", { key: "" });
    const { page } = screen;
    const addresses: string[] = [];
    const said: string[] = [];
    page.on("request", (each) => addresses.push(each.url()));
    page.on("console", (message) => said.push(message.text()));
    await signIn(page, adminKey);
    const views = [
      ["#/topics", "Topics"],
      ["#/people", /Publishers/],
      ["#/functions?tool=publish", "Functions"],
      ["#/tables", "Tables"],
    ] as const;
    for (const [hash, heading] of views) await visit(page, hash, heading);
    const stored = (): Promise<string> =>
      page.evaluate(() =>
        JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state]),
      );
    assert.ok(addresses.length > 5);
    assert.ok(![...addresses, ...said, await stored()].some((text) => text.includes(adminKey)));
    await page.reload();
    await page
      .getByText(/takes? the admin key/)
      .first()
      .waitFor();
    await signIn(page, adminKey, true);
    assert.ok((await stored()).includes(adminKey), "kept, as was wanted");
    await page.reload();
    await page.getByRole("heading", { name: "All tables" }).waitFor();
    await page.locator(".link-state").click();
    await page.getByRole("checkbox").uncheck();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(!(await stored()).includes(adminKey), "forgotten again");
    assertClean(screen);
  });
});

/** A door before the service that can be shut: connections then end without an answer. */
class Front {
  isDown = false;
  readonly #server: Server;

  private constructor(port: number) {
    this.#server = createServer((incoming, outgoing) => {
      if (this.isDown) {
        outgoing.destroy();
        return;
      }
      const { method, url, headers } = incoming;
      const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  static async before(port: number): Promise<Front> {
    const front = new Front(port);
    await new Promise<void>((resolve) => front.#server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
