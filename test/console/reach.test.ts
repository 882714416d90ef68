import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createLambdaDeployment } from "#hosts/lambda/deployment.ts";
import { readSettings } from "#hosts/local/settings.ts";
import { createContext, randomIds, systemClock } from "#hosts/node-context.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import { adminKey, startService } from "../harness.ts";
import { createInProcessGateway } from "../lambda/in-process.ts";
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

test("the page works with the service as Lambda has it, as far as that knows itself", inBrowser, async (t) => {
  const port = await freePort();
  const here = `http://127.0.0.1:${port}`;
  const settings = { ...readSettings({ adminKey, corsOrigins: here }, {}), finiteStreams: true };
  const deployment = createLambdaDeployment({
    bundleBytes: { publish: 240_000 },
    own: { name: "listFunctions", memoryBytes: 512 * 1_048_576 },
  });
  const context = createContext(createMemoryStore(), settings, systemClock, randomIds, deployment);
  const gateway = createInProcessGateway(context, settings, (error) => assert.fail(String(error)));
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  t.after(() => gateway.close().closeAllConnections());
  const there = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const stage = new Stage({ port: String(port), consoleEndpoints: there });
  await using screen = await stage.open("", { key: "" });
  const { page } = screen;
  await signIn(page, adminKey, false, there);
  await visit(page, "#/functions?tool=publish", "Functions");
  await page.getByText("240 KB").waitFor();
  await page.getByText("the stream of messages, and a schedule, every 5 minutes").waitFor();
  await page.getByText(/^This service does not run functions for the console/).waitFor();
  await visit(page, "#/topics", "Topics");
  await page.getByRole("button", { name: "New topic" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("cloud");
  await page.getByRole("button", { name: "Make the topic" }).click();
  await page.getByRole("heading", { level: 1, name: "cloud" }).waitFor();
  assertClean(screen);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
