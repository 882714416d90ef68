import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { adminKey, startService } from "../harness.ts";
import { assertClean, Stage, signIn, skipReason, visit } from "./browser.ts";

/** Which services the page reaches, and what it may do there: its own when that is open, and others by consent of both. */
const inBrowser = { skip: skipReason, timeout: 120_000 };
const open = new Stage({});

test(
  "on a service that is open to its machine nothing is locked, and functions are tried without a key",
  inBrowser,
  async () => {
    const { service } = await open.up();
    await service.call("PUT", "/v1/topics/news", { json: {} });
    await service.call("POST", "/v1/publishers", { json: { name: "observer", topics: ["news"] } });
    await using screen = await open.open("", { key: "" });
    const { page } = screen;
    await visit(page, "#/people?kind=publishers", /Publishers/);
    await page.getByText("observer").first().waitFor();
    await visit(page, "#/tables", "Tables");
    await page.getByRole("link", { name: "topics", exact: true }).waitFor();
    await visit(page, "#/functions?tool=publish", "Functions");
    await page.getByText("You gave this page none").waitFor();
    await page.getByRole("button", { name: "Run publish" }).click();
    await page.getByText("answered 201").waitFor();
    const { messages } = (await service.call("GET", "/v1/topics/news/messages")).json;
    assert.deepEqual([messages[0].title, messages[0].publisherId], ["Whale seen", "open"]);
    assert.equal(await page.getByText("the admin key").count(), 0);
    assertClean(screen);
  },
);

test(
  "the page of one service works with another that both name, and with none that they do not",
  inBrowser,
  async () => {
    const port = await freePort();
    const here = `http://127.0.0.1:${port}`;
    await using there = await startService({ adminKey, corsOrigins: here });
    await using unnamed = await startService({ adminKey, corsOrigins: here });
    const stage = new Stage({ port: String(port), consoleEndpoints: there.url });
    await there.call("PUT", "/v1/topics/far", { token: adminKey, json: {} });
    await using screen = await stage.open("", { key: "" });
    const { page } = screen;
    await signIn(page, adminKey, false, there.url);
    await visit(page, "#/topics/far", "far");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("textbox", { name: "Text" }).fill("from the page of another");
    await page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("button", { name: /from the page of another/ }).waitFor();
    await visit(page, "#/tables", "Tables");
    await page.getByRole("link", { name: "topics", exact: true }).waitFor();
    assertClean(screen);
    await signIn(page, adminKey, false, unnamed.url);
    await page.getByText(/does not answer/).waitFor();
    assert.match(screen.errors.join("\n"), /Content Security Policy/);
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
