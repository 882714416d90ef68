import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ServerProcess } from "./crash/server-process.ts";
import { adminKey, eventually, startHeldService } from "./harness.ts";

describe("the audit log", () => {
  test("says who registered, deleted, sought or changed what, and nothing of what was refused or only read", async () => {
    await using service = await startHeldService();
    const admin = { token: adminKey };
    const { publisherId, token } = await service.registerPublisher(["t"], adminKey);
    const { subscriberId, ...subscriber } = await service.registerSubscriber(["t"], "earliest", adminKey);
    const own = `/v1/subscribers/${subscriberId}`;
    const { json } = await service.call("POST", `${own}/stream-tokens`, { token: subscriber.token });
    await service.call("POST", `${own}/seek`, { token: subscriber.token, json: { from: "latest" } });
    await service.call("PUT", `/v1/publishers/${publisherId}/topics`, { ...admin, json: { topics: ["t", "u"] } });
    await service.call("PUT", "/v1/topics/t", { ...admin, json: { retentionSeconds: 7_200 } });
    const done = [
      ["registerPublisher", "admin", `/v1/publishers/${publisherId}`],
      ["registerSubscriber", "admin", own],
      ["seekSubscriber", `subscriber ${subscriberId}`, `${own}/seek`],
      ["putPublisherTopics", "admin", `/v1/publishers/${publisherId}/topics`],
      ["putTopic", "admin", "/v1/topics/t"],
    ];
    // None of these is written down.
    await service.call("POST", "/v1/topics/t/messages", { token, body: "x" });
    await service.call("GET", `${own}/messages`, { token: subscriber.token });
    await service.call("DELETE", "/v1/topics/t", { token });
    await service.call("DELETE", "/v1/topics/nothing", admin);
    await service.call("DELETE", `${own}?x=${token}`, admin);
    await service.call("POST", `${own}/seek`, { json: { from: "latest" } });
    for (const [operation, path] of [
      ["deletePublisher", `/v1/publishers/${publisherId}`],
      ["deleteSubscriber", own],
      ["deleteTopic", "/v1/topics/t"],
    ] as const) {
      assert.equal((await service.call("DELETE", path, admin)).status, 204);
      done.push([operation, "admin", path]);
    }
    assert.deepEqual(
      service.audited,
      done.map(([operation, by, what]) => ({ audit: true, operation, by, address: "127.0.0.1", what })),
    );
    for (const secret of [token, subscriber.token, adminKey, json.streamToken])
      assert.ok(!JSON.stringify(service.audited).includes(secret));
  });

  test("is lines of JSON with their time, also where other lines are turned off", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "bellwether-audit-"));
    const server = new ServerProcess(dataDir, {
      flags: ["--log-level", "fatal", "--audit-log", "true", "--admin-key", adminKey],
    });
    try {
      const url = await server.listening;
      const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
      const body = JSON.stringify({ name: "n", topics: ["t"] });
      const made = await (await fetch(`${url}/v1/publishers`, { method: "POST", headers, body })).json();
      await eventually(() => server.errors.includes("\n"), "a line is logged");
      const { time, ...entry } = JSON.parse(server.errors);
      assert.ok(Math.abs(time - Date.now()) < 60_000);
      assert.deepEqual(
        { ...entry, level: 30, pid: 0, hostname: "" },
        {
          level: 30,
          pid: 0,
          hostname: "",
          audit: true,
          operation: "registerPublisher",
          by: "admin",
          address: "127.0.0.1",
          what: `/v1/publishers/${made.publisherId}`,
          msg: "audit",
        },
      );
      assert.ok(!server.errors.includes(made.token) && !server.errors.includes(adminKey));
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
