import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { adminKey, eventually, startService } from "../harness.ts";
import { assertClean, inParallel, Stage, skipReason, visit } from "./browser.ts";
import { fill, fillBeyondCounting } from "./text.ts";

/** The console from end to end: a person's ways through every view, in a real browser, on a real service. */
const stage = new Stage();
const inBrowser = { skip: skipReason, timeout: 120_000 };

suite("every view", inParallel, () => {
  test("a message published from the page arrives in its topic, and its terms change", inBrowser, async () => {
    const { service } = await stage.up();
    await service.call("PUT", "/v1/topics/publishing", { token: adminKey, json: {} });
    await using screen = await stage.open("#/topics/publishing");
    const { page } = screen;
    await page.getByText("No messages here yet.").waitFor();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByLabel("Text", { exact: true }).first().fill("The kraken rose beside the kraken boat");
    await page.getByLabel("Key", { exact: true }).fill("deep");
    await page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText(/Published as 0-0/).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /The kraken rose/ }).click();
    await page.getByRole("dialog").getByText("The kraken rose beside the kraken boat").waitFor();
    await page.keyboard.press("Escape");
    await visit(page, "#/terms?topic=publishing&window=1h", "Popular terms");
    await page.getByRole("link", { name: "kraken", exact: true }).click();
    await page.getByRole("heading", { name: "Messages with “kraken”" }).waitFor();
    await page.getByRole("button", { name: /The kraken rose/ }).waitFor();
    assertClean(screen);
  });

  test("a file of lines is published as a message each", inBrowser, async () => {
    await using screen = await stage.open("#/topics");
    const { page } = screen;
    await page.getByRole("button", { name: "New topic" }).click();
    await page.getByLabel("Name", { exact: true }).fill("from-a-file");
    await page.getByRole("button", { name: "Make the topic" }).click();
    await page.getByRole("heading", { level: 1, name: "from-a-file" }).waitFor();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("A file", { exact: true }).click();
    const lines = ['{"title":"One","text":"first line"}', '{"body":{"n":2},"key":"k"}', '"third"'];
    await page
      .getByLabel("File", { exact: true })
      .setInputFiles({ name: "lines.ndjson", mimeType: "application/x-ndjson", buffer: Buffer.from(lines.join("\n")) });
    await page.getByText("3 messages in lines.ndjson.").waitFor();
    await page.getByRole("button", { name: "Publish the file" }).click();
    await page.getByText("3 messages of 3 messages published.").waitFor();
    const { service } = await stage.up();
    const { json } = await service.call("GET", "/v1/topics/from-a-file/messages", { token: adminKey });
    assert.deepEqual(
      json.messages.map(({ title, body, key }: Record<string, unknown>) => ({ title, body, key })),
      [
        { title: "One", body: "first line", key: undefined },
        { title: undefined, body: { n: 2 }, key: "k" },
        { title: undefined, body: "third", key: undefined },
      ],
    );
    assertClean(screen);
  });

  test("dragged back in time, the topic is shown as it was, and filters find what was there", inBrowser, async () => {
    const { service } = await stage.up();
    await fill(service, "travelling", 30);
    await service.call("POST", "/v1/topics/travelling/messages", {
      token: adminKey,
      json: { body: "before the pause" },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const moment = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await service.call("POST", "/v1/topics/travelling/messages", {
      token: adminKey,
      json: { body: "after the pause" },
    });
    await using screen = await stage.open("#/topics/travelling");
    const { page } = screen;
    const messages = page.getByRole("region", { name: "Messages, the newest first" });
    await messages.getByText("after the pause").waitFor();
    await page.evaluate((at) => {
      location.hash = `#/topics/travelling?at=${encodeURIComponent(at)}`;
    }, moment);
    await messages.getByText("before the pause").waitFor();
    await messages.getByText("after the pause").waitFor({ state: "detached" });
    // By keyboard: the beginning of the hour is before every message.
    await page.getByRole("slider", { name: "The moment that is looked at" }).focus();
    await page.keyboard.press("Home");
    await page.getByText("No messages here yet.").waitFor();
    await page.getByRole("button", { name: "Back to now" }).click();
    await messages.getByText("after the pause").waitFor();
    await page.getByLabel("Key is").fill("ship-3");
    await page.getByText(/^6 messages found among the 3\d messages looked at/).waitFor();
    await page.getByLabel("Key is").fill("");
    await page.getByLabel("Text contains").fill("AFTER THE");
    await page.getByText(/^1 message found among/).waitFor();
    assert.match(page.url(), /contains=AFTER/);
    assertClean(screen);
  });

  test("a subscriber registered on the page reads, commits, and is moved back", inBrowser, async () => {
    const { service } = await stage.up();
    await fill(service, "reading", 25);
    await using screen = await stage.open("#/people");
    const { page } = screen;
    await page.getByRole("button", { name: "Register a subscriber" }).click();
    await page.getByLabel("Name", { exact: true }).fill("mailer");
    await page.getByLabel("Topics", { exact: true }).fill("reading");
    await page.getByLabel("Begins", { exact: true }).selectOption("earliest");
    await page.getByRole("button", { name: "Register", exact: true }).click();
    const token = await page.locator("[data-token]").textContent();
    assert.match(token ?? "", /^bw_sub_/);
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("button", { name: /mailer.*reading.*25 waiting/ }).click();
    const dialog = page.getByRole("dialog", { name: "mailer" });
    await dialog.getByText("At most 25 messages wait for it.").waitFor();
    await dialog.getByRole("button", { name: "Peek" }).click();
    await dialog.getByText("Entry 0:").waitFor();
    await dialog.getByText("At most 25 messages wait for it.").waitFor();
    await dialog.getByRole("button", { name: "Read as it" }).click();
    await dialog.getByRole("button", { name: "Commit these 10" }).click();
    await dialog.getByText("At most 15 messages wait for it.").waitFor();
    await dialog.getByRole("button", { name: "Move…" }).click();
    const moving = page.getByRole("dialog", { name: "Move the subscriber" });
    await moving.getByText(/given again everything/).waitFor();
    await moving.getByRole("button", { name: "Move it" }).click();
    await dialog.getByText("At most 25 messages wait for it.").waitFor();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.getByRole("button", { name: /mailer.*reading/ }).waitFor({ state: "detached" });
    assertClean(screen);
  });

  test("a message says who has not had it, and is replayed to a subscriber from there", inBrowser, async () => {
    const { service } = await stage.up();
    await fill(service, "replaying", 5);
    const subscriber = await service.registerSubscriber(["replaying"], "latest", adminKey);
    await using screen = await stage.open("#/topics/replaying");
    const { page } = screen;
    await page.getByRole("button", { name: /Entry 3:/ }).click();
    await page.getByText("Every one of the topic’s 1 subscribers has committed it.").waitFor();
    await page.getByRole("button", { name: "Replay from here to a subscriber" }).click();
    await page.getByText("about 5 messages of this topic").waitFor();
    await page.getByRole("button", { name: "Replay", exact: true }).click();
    await eventually(async () => {
      const { json } = await service.call("GET", `/v1/subscribers/${subscriber.subscriberId}`, { token: adminKey });
      return json.lag === 5;
    }, "the subscriber was moved");
    await page.getByRole("button", { name: /Entry 3:/ }).click();
    await page.getByText("1 of 1 subscribers have not committed it.").waitFor();
    assertClean(screen);
  });

  test("the test tool runs publish, and the message is in its topic", inBrowser, async () => {
    const { service } = await stage.up();
    await service.call("PUT", "/v1/topics/trying", { token: adminKey, json: {} });
    await using screen = await stage.open("#/functions");
    const { page } = screen;
    await page.getByRole("button", { name: "Try publish" }).click();
    const editor = page.getByLabel("Event, as JSON");
    await eventually(async () => (await editor.inputValue()) !== "", "the template is there");
    const event = JSON.parse(await editor.inputValue());
    assert.match(JSON.stringify(event), /Bearer TOKEN/);
    event.rawPath = "/v1/topics/trying/messages";
    event.pathParameters = { topic: "trying" };
    event.body = JSON.stringify({ body: "published by the test tool" });
    await editor.fill(JSON.stringify(event, null, 2));
    await page.getByRole("button", { name: "Save the event" }).click();
    await page.getByText("Saved as “My event 1”").waitFor();
    await page.getByRole("button", { name: "Run publish" }).click();
    await page.getByText("answered 201").waitFor();
    assert.match((await page.getByRole("region", { name: "Result" }).textContent()) ?? "", /"statusCode": 201/);
    const kept = await page.evaluate(() => JSON.stringify(localStorage));
    assert.ok(kept.includes("published by the test tool") && !kept.includes(adminKey), kept);
    await visit(page, "#/topics/trying", "trying");
    await page.getByRole("button", { name: /published by the test tool/ }).waitFor();
    assertClean(screen);
  });

  test("tables are listed, and their items browsed page by page without a secret", inBrowser, async () => {
    const { service } = await stage.up();
    for (let i = 0; i < 30; i += 1) await service.registerPublisher(["many"], adminKey);
    await using screen = await stage.open("#/tables");
    const { page } = screen;
    await page.getByRole("link", { name: "publishers", exact: true }).click();
    const items = page.getByRole("table").first();
    await items.getByRole("row").nth(25).waitFor();
    assert.equal(await items.getByRole("row").count(), 26);
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByText("page 2").waitFor();
    await items.getByRole("button", { name: "The whole item 1" }).click();
    assert.match((await page.getByRole("dialog", { name: "Item" }).textContent()) ?? "", /\(hidden\)/);
    assertClean(screen);
  });

  test(
    "what is counted inexactly has whiskers from its bar to the most that it can be, and says so",
    inBrowser,
    async () => {
      const { service } = await stage.up();
      await fillBeyondCounting(service, "babel");
      await using screen = await stage.open("#/terms?topic=babel&window=1h");
      const { page } = screen;
      await page.getByText("500 messages, counted up to").waitFor();
      await page.getByText(/^Counts are never too high; a whisker shows/).waitFor();
      const row = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "whale", exact: true }) });
      const [, from, to] = /([\d,]+)–([\d,]+)/.exec((await row.textContent()) ?? "") ?? [];
      assert.ok(Number(from) <= 50 && Number(to) >= 50, `${from} to ${to}: the whale is in 50 messages`);
      await row.getByText(/, up to \d+ more, surely top 15$/).waitFor();
      // Bars grow with an easing: they are held to each other once they stand.
      const boxes = async (): Promise<[number, number]> => {
        const [bar, whisker] = await Promise.all([
          row.locator(".fill").boundingBox(),
          row.locator(".whisker").boundingBox(),
        ]);
        return [whisker!.width, Math.abs(whisker!.x - bar!.x - bar!.width)];
      };
      await eventually(async () => {
        const [width, apart] = await boxes();
        return width > 0.5 && apart < 1;
      }, "the whisker begins where the bar ends");
      assertClean(screen);
    },
  );

  test("the overview shows what flows, who is behind and what is said, live", inBrowser, async () => {
    const { service } = await stage.up();
    await fill(service, "flowing", 400);
    await service.registerSubscriber(["flowing"], "earliest", adminKey);
    await using screen = await stage.open("#/overview");
    const { page } = screen;
    await page.getByRole("link", { name: "flowing" }).waitFor();
    await page.getByRole("cell", { name: "400", exact: true }).waitFor();
    await service.call("POST", "/v1/topics/flowing/messages", { token: adminKey, json: { body: "one more" } });
    await page.getByRole("cell", { name: "401", exact: true }).waitFor();
    await page.getByRole("link", { name: "whale" }).waitFor();
    const chart = page.getByRole("img", { name: /^Messages per second\. Now/ });
    await chart.waitFor();
    assertClean(screen);
  });

  test(
    "an open service that is empty shows how to begin, and what it opens works without a key",
    inBrowser,
    async () => {
      // Others may reach it, so that nobody is its admin.
      await using open = await startService({ allowedHosts: "bellwether.lan" });
      await using screen = await stage.open("", { key: "" });
      const { page } = screen;
      await page.goto(open.url);
      await page.getByRole("heading", { name: "Nothing has been published yet" }).waitFor();
      const lines = await page.getByRole("region", { name: /^the line that/ }).allTextContents();
      assert.equal(lines.length, 3);
      // The lines do what they say; only waiting for the count is not in them.
      const { stdout } = await promisify(execFile)("bash", ["-ec", lines.slice(0, 2).join("\n")]);
      assert.match(stdout, /"publishedAt"/);
      await page.getByRole("link", { name: "whale" }).waitFor();
      await visit(page, "#/topics/news", "news");
      await page.getByRole("button", { name: "Publish", exact: true }).click();
      await page.getByLabel("Text", { exact: true }).first().fill("published without a key");
      await page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /published without a key/ }).waitFor();
      await visit(page, "#/people", /Publishers/);
      await page.getByText("Seeing all subscribers takes the admin key.").waitFor();
      await page.getByRole("button", { name: "Register a subscriber" }).click();
      await page.getByLabel("Topics", { exact: true }).fill("news");
      await page.getByLabel("Begins", { exact: true }).selectOption("earliest");
      await page.getByRole("button", { name: "Register", exact: true }).click();
      await page.getByRole("button", { name: "I have it" }).click();
      await page.getByRole("button", { name: /news.*2 waiting/ }).click();
      await page.getByRole("button", { name: "Read as it" }).click();
      await page.getByRole("button", { name: "Commit these 2" }).click();
      await page.getByText("It has committed everything.").waitFor();
      assertClean(screen);
    },
  );
});
