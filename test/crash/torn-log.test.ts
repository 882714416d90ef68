import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { decodeEntry } from "#core/entry.ts";
import { encodeMessageId, shardsOf } from "#core/shard.ts";
import { databasePath } from "#stores/embedded/database.ts";
import { openEmbeddedStore } from "#stores/embedded/store.ts";
import { Random } from "../random.ts";
import { call } from "./api.ts";
import { ServerProcess } from "./server-process.ts";
import { checkpointedBytes, WalFollower, type WalState } from "./wal.ts";

/*
 * A killed process leaves the page cache alive; a power cut does not. What was not synced may then be there in part, in
 * any order, or as anything. So: stop the server for a moment under load, copy the folder, and ruin the copy's log behind
 * the place where it ended when a message was acknowledged. Every copy must open and hold all that was acknowledged.
 *
 * Not ruined: what a checkpoint has copied into the database already, as the log is synced before that.
 */

const seed = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);
const random = new Random(seed);
const folder = mkdtempSync(join(tmpdir(), "bellwether-torn-"));
const dataDir = join(folder, "data");
after(() => rmSync(folder, { recursive: true, force: true }));

/** An acknowledged call, and where the log's last commit ended soon after: at or behind its own. */
interface Acknowledged {
  readonly ids: readonly string[];
  readonly wal: WalState;
}

/** The folder as it was at one moment. `acknowledged`: the first so many calls. */
interface Copy {
  readonly folder: string;
  readonly acknowledged: number;
  readonly walBytes: number;
  readonly checkpointed: number;
  readonly salts: string;
}

const copiesMax = 8;
const skip = process.platform === "linux" ? false : "reads /proc";
const damages = ["cut", "cut and garbage", "overwritten in blocks"] as const;

test("a log that a power cut tore behind its last acknowledged commit keeps all before it", {
  timeout: 120_000,
  skip,
}, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const { acknowledged, copies } = await copiesUnderLoad();
  const generations = new Set(acknowledged.map(({ wal }) => wal.salts)).size;
  t.diagnostic(`${acknowledged.length} calls acknowledged, ${generations} generations of the log`);
  assert.ok(generations > 1, "the log was checkpointed and begun again");

  let exact = 0;
  let opened = 0;
  for (const copy of copies) {
    // Calls of this generation of the log, behind which it may be torn.
    const candidates = acknowledged
      .map(({ wal }, index) => ({ index, wal }))
      .slice(0, copy.acknowledged)
      .filter(({ wal }) => wal.salts === copy.salts && wal.committedBytes >= copy.checkpointed);
    for (let i = 0; i < 6 && candidates.length > 0; i++) {
      const at = i === 0 ? candidates.at(-1)! : random.pick(candidates);
      const next = acknowledged[at.index + 1];
      const end = Math.min(next?.wal.salts === copy.salts ? next.wal.committedBytes : copy.walBytes, copy.walBytes);
      // At the very place, or somewhere up to where the next call was acknowledged.
      const isTight = random.chance(0.5);
      const cut = isTight ? at.wal.committedBytes : random.integer(at.wal.committedBytes, end);
      const there = await openTorn(copy, cut, random.pick(damages));
      opened += 1;
      for (const { ids } of acknowledged.slice(0, at.index + 1))
        for (const id of ids) assert.ok(there.has(id), `${id} is LOST, torn at ${cut} of ${copy.walBytes}`);
      // The place is no guess on the safe side: the next call begins behind it.
      if (isTight && next) {
        exact += 1;
        for (const id of next.ids) assert.ok(!there.has(id), `${id} was not written yet at ${cut}`);
      }
    }
  }
  t.diagnostic(`${opened} torn copies opened, ${exact} of them torn exactly between two calls`);
  assert.ok(opened >= 20 && exact > 0, `only ${opened} copies, ${exact} exact`);
});

async function copiesUnderLoad(): Promise<{ acknowledged: Acknowledged[]; copies: Copy[] }> {
  const server = new ServerProcess(dataDir);
  try {
    const url = await server.listening;
    await call(url, "PUT", "/v1/topics/torn", { body: JSON.stringify({ shards: 2 }) });
    const { token } = await call<{ token: string }>(url, "POST", "/v1/publishers", {
      body: JSON.stringify({ name: "torn", topics: ["torn"] }),
    });
    const publish = async (): Promise<string[]> => {
      const messages = Array.from({ length: random.chance(0.3) ? random.integer(2, 20) : 1 }, (_, i) => ({
        key: `key-${i % 3}`,
        body: "x".repeat(random.integer(1, random.chance(0.1) ? 60_000 : 400)),
      }));
      const answer = await call<{ messages: { id: string }[] }>(url, "POST", "/v1/topics/torn/messages", {
        token,
        body: JSON.stringify({ messages }),
      });
      return answer.messages.map(({ id }) => id);
    };
    const follower = new WalFollower(`${databasePath(dataDir)}-wal`);
    const acknowledged: Acknowledged[] = [];
    const copies: Copy[] = [];
    const generations = new Set<string>();
    const deadline = Date.now() + 60_000;
    while (copies.length < copiesMax || generations.size < 2) {
      assert.ok(Date.now() < deadline, "the log was not checkpointed in time");
      const ids = await publish();
      const wal = follower.look()!;
      generations.add(wal.salts);
      acknowledged.push({ ids, wal });
      if (!random.chance(0.03)) continue;
      // Stopped somewhere within calls that nobody has heard of yet.
      const underWay = Array.from({ length: 4 }, publish);
      await delay(random.integer(0, 8));
      server.child.kill("SIGSTOP");
      await stopped(server.child.pid!);
      copies.push(copyFolder(acknowledged.length, copies.length));
      if (copies.length > copiesMax) rmSync(copies.shift()!.folder, { recursive: true });
      server.child.kill("SIGCONT");
      await Promise.all(underWay);
    }
    return { acknowledged, copies };
  } finally {
    await server.kill();
  }
}

function copyFolder(acknowledged: number, number: number): Copy {
  const target = join(folder, `copy-${number}-${acknowledged}`);
  mkdirSync(target);
  copyFileSync(databasePath(dataDir), databasePath(target));
  copyFileSync(`${databasePath(dataDir)}-wal`, `${databasePath(target)}-wal`);
  const wal = readFileSync(`${databasePath(target)}-wal`);
  const checkpointed = checkpointedBytes(`${databasePath(dataDir)}-shm`, wal.readUInt32BE(8));
  return { folder: target, acknowledged, walBytes: wal.length, checkpointed, salts: wal.toString("hex", 16, 24) };
}

/** Opens a copy of the copy whose log is ruined from `cut` on; gives the ids of all messages in it. */
async function openTorn(copy: Copy, cut: number, damage: (typeof damages)[number]): Promise<Set<string>> {
  const target = join(folder, "torn");
  mkdirSync(target);
  try {
    copyFileSync(databasePath(copy.folder), databasePath(target));
    const wal = readFileSync(`${databasePath(copy.folder)}-wal`);
    writeFileSync(`${databasePath(target)}-wal`, ruined(wal, cut, damage));
    const store = await openEmbeddedStore(target);
    const there = new Set<string>();
    try {
      const topic = (await store.getTopic("torn"))!;
      for (const ref of shardsOf(topic)) {
        const entries = await store.readEntries(ref, 0, 1e9, 1e9);
        let sequence = 0;
        for (const entry of entries) {
          assert.equal(entry.firstSequence, sequence);
          for (const message of decodeEntry(entry)) there.add(encodeMessageId(ref.shard, message.sequence));
          sequence += entry.count;
        }
        assert.equal((await store.getShard(ref))!.messages, sequence);
      }
      const parts = [{ shard: 0, count: 1, payload: new Uint8Array(10) }];
      await store.append({ topic: "torn", incarnation: topic.incarnation, parts, nowMs: Date.now() });
    } finally {
      await store.close();
    }
    const database = new DatabaseSync(databasePath(target), { readOnly: true });
    assert.deepEqual(Object.values(database.prepare("PRAGMA integrity_check").get()!), ["ok"]);
    database.close();
    return there;
  } finally {
    rmSync(target, { recursive: true });
  }
}

function ruined(wal: Buffer, cut: number, damage: (typeof damages)[number]): Buffer {
  switch (damage) {
    case "cut":
      return wal.subarray(0, cut);
    case "cut and garbage":
      return Buffer.concat([wal.subarray(0, cut), randomFillSync(Buffer.alloc(random.integer(1, 100_000)))]);
    case "overwritten in blocks": {
      // Sectors that never reached the disk, between others that did.
      const bytes = Buffer.from(wal);
      for (let at = cut; at < bytes.length; at += 512) {
        const sector = bytes.subarray(at, at + 512);
        if (at === cut || random.chance(0.3)) random.chance(0.5) ? sector.fill(0) : randomFillSync(sector);
      }
      return bytes;
    }
  }
}

/** SIGSTOP takes effect a moment after it is sent, and a thread in the middle of a write ends that first. */
async function stopped(pid: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  const isStopped = (thread: string): boolean => /\) T/.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"));
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) {
    assert.ok(Date.now() < deadline, "the server does not stop");
    await delay(1);
  }
}
