import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { decodeEntry, draftOf, encodePart } from "#core/entry.ts";
import type { AppendResult, Store, TopicRecord } from "#core/store.ts";
import { storeConformance } from "#stores/conformance/suite.ts";
import { databasePath, openForReading, openForWriting } from "./database.ts";
import { openEmbeddedStore } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "bellwether-embedded-"));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => join(root, `${folders++}`);

/** Closes the store also when the body fails: an open one keeps this process alive. */
async function withStore(body: (store: Store) => Promise<void>, folder: string = newFolder()): Promise<void> {
  const store = await openEmbeddedStore(folder);
  try {
    await body(store);
  } finally {
    await store.close();
  }
}

// ── What every store must do ────────────────────────────────────────────────────────────────────────────────────────

const folderOf = new WeakMap<Store, string>();

async function openIn(folder: string): Promise<Store> {
  const store = await openEmbeddedStore(folder);
  folderOf.set(store, folder);
  return store;
}

storeConformance("embedded", {
  open: () => openIn(newFolder()),
  async reopen(store) {
    await store.close();
    return openIn(folderOf.get(store)!);
  },
});

// ── What only this one does ─────────────────────────────────────────────────────────────────────────────────────────

const t0 = Date.UTC(2026, 0, 1);
const topic: TopicRecord = {
  topic: "news",
  incarnation: t0,
  shards: 1,
  retentionSeconds: 3_600,
  terms: { enabled: true, languages: ["en"], hidden: [] },
};
const ref = { topic: "news", incarnation: t0, shard: 0 };

function append(store: Store, text: string, nowMs = t0): Promise<AppendResult> {
  const payload = encodePart("p", [draftOf(`"body":${JSON.stringify(text)}}`)]);
  return store.append({ topic: "news", incarnation: t0, parts: [{ shard: 0, count: 1, payload }], nowMs });
}

async function count(store: Store): Promise<void> {
  const [uncounted] = await store.listUncounted(1);
  if (!uncounted) return;
  const { tickets } = (await store.getShard(ref))!;
  const cursors = [{ ref, fromTicket: uncounted.ticket, toTicket: tickets }];
  assert.ok(await store.saveTerms({ puts: [], setMarks: [], clearMarks: [], cursors }));
}

async function sequencesOf(store: Store): Promise<number[]> {
  const entries = await store.readEntries(ref, 0, 1e9, 1e9);
  return entries.flatMap((entry) => decodeEntry(entry).map(({ sequence }) => sequence));
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0];
}

describe("the embedded store's file", () => {
  test("is written with a synced log at each commit", () => {
    // The writer thread has its connection from here and sets nothing else; `npm run check:fsync` sees what follows.
    const database = openForWriting(newFolder());
    const expected = { journal_mode: "wal", synchronous: 2, fullfsync: 1, checkpoint_fullfsync: 1, page_size: 16_384 };
    for (const [name, value] of Object.entries(expected)) assert.equal(pragma(database, name), value, name);
    database.close();

    const thread = readFileSync(new URL("./writer-thread.ts", import.meta.url), "utf8");
    assert.match(thread, /= openForWriting\(/);
    assert.doesNotMatch(thread, /PRAGMA (synchronous|journal_mode|fullfsync)/i);
  });

  test("is read over connections that cannot write", async () => {
    const folder = newFolder();
    await withStore(async () => {
      const database = openForReading(folder);
      assert.equal(pragma(database, "journal_mode"), "wal");
      assert.throws(() => database.exec("DELETE FROM topics"), /readonly/);
      database.close();
    }, folder);
  });

  test("is made in a new folder, an empty one and an empty file, and has its schema's number", async () => {
    const [fresh, empty, emptyFile] = [join(newFolder(), "a", "b"), newFolder(), newFolder()];
    mkdirSync(empty);
    mkdirSync(emptyFile);
    writeFileSync(databasePath(emptyFile), "");
    for (const folder of [fresh, empty, emptyFile]) {
      for (let time = 0; time < 2; time++) {
        await withStore(async (store) => assert.deepEqual(await store.createTopic(topic, 10), topic), folder);
        const database = openForReading(folder);
        assert.equal(pragma(database, "user_version"), 1);
        assert.equal(pragma(database, "page_size"), 16_384);
        database.close();
      }
    }
    assert.equal(statSync(fresh).mode & 0o077, 0, "nobody else may look into the folder");
  });

  test("of a later version is refused and left as it is; the folder is not held by that", async () => {
    const folder = newFolder();
    await (await openEmbeddedStore(folder)).close();
    const setVersion = (version: number): void => {
      const database = new DatabaseSync(databasePath(folder));
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
    };
    setVersion(99);
    const before = readFileSync(databasePath(folder));

    await assert.rejects(openEmbeddedStore(folder), /later version/);

    assert.deepEqual(readFileSync(databasePath(folder)), before);
    setVersion(1);
    await (await openEmbeddedStore(folder)).close();
  });

  test("that is no database is refused", async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(databasePath(folder), "this is not a database, and long enough to be seen as none".repeat(100));
    await assert.rejects(openEmbeddedStore(folder), /not a database/);
  });

  test("whose log a killed process left long has it moved into the database with the first writes", async () => {
    const folder = newFolder();
    await (await openEmbeddedStore(folder)).close();
    const left = newFolder();
    mkdirSync(left);
    const bytes = 70_000_000;
    const database = openForWriting(folder);
    database.exec(`CREATE TABLE filling (bytes BLOB); INSERT INTO filling VALUES (zeroblob(${bytes}))`);
    for (const suffix of ["", "-wal"]) copyFileSync(databasePath(folder) + suffix, databasePath(left) + suffix);
    database.close();
    assert.ok(statSync(databasePath(left)).size < 1_000_000, "all of it is in the log");

    await withStore(async (store) => {
      // The log is seen to after the answer to a write, and before the next one is looked at.
      for (let time = 0; time < 2; time++) await store.createTopic(topic, 10);
      assert.ok(statSync(databasePath(left)).size > bytes);
    }, left);
  });

  test("is held by one opening at a time, in this process and in others", async () => {
    const folder = newFolder();
    await withStore(async (store) => {
      await store.createTopic(topic, 10);

      await assert.rejects(openEmbeddedStore(folder), /in use by another process/);
      const other = spawnSync(process.execPath, ["--input-type=module", "-e", program("await open()"), folder]);
      assert.notEqual(other.status, 0);
      assert.match(String(other.stderr), /in use by another process/);

      // Neither has harmed the one that holds it.
      await append(store, "still here");
      assert.deepEqual(await sequencesOf(store), [0]);
    }, folder);
    await withStore(async (store) => assert.deepEqual(await sequencesOf(store), [0]), folder);
  });

  test("does not grow while as much expires as is published", async () => {
    const folder = newFolder();
    await withStore(async (store) => {
      await store.createTopic(topic, 10);
      const pages: number[] = [];
      for (let cycle = 0; cycle < 8; cycle++) {
        const nowMs = t0 + cycle * 7_200_000;
        // In turns, or they would share entries and stay small.
        for (let i = 0; i < 60; i++) await append(store, "x".repeat(20_000), nowMs);
        await count(store);
        while (await store.expire(nowMs + 3_600_000));
        assert.deepEqual(await sequencesOf(store), []);
        const database = openForReading(folder);
        pages.push(Number(pragma(database, "page_count")));
        database.close();
      }
      assert.ok(Math.max(...pages) <= pages[1]!, `pages after each cycle: ${pages}`);
    }, folder);
  });

  test("has a log that does not grow with what is appended", async () => {
    const folder = newFolder();
    await withStore(async (store) => {
      await store.createTopic(topic, 10);
      const text = "x".repeat(250_000);
      for (let i = 0; i < 160; i++) await append(store, text);
      const { size } = statSync(`${databasePath(folder)}-wal`);
      assert.ok(size < 24_000_000, `the log has ${size} bytes after 40 MB`);
    }, folder);
  });

  test("loses no entry to expiry before it is counted", async () => {
    await withStore(async (store) => {
      await store.createTopic(topic, 10);
      for (let i = 0; i < 10; i++) await append(store, `${i}`, t0 + i);
      const later = t0 + 90 * 86_400_000;

      while (await store.expire(later));
      assert.equal((await sequencesOf(store)).length, 10);

      const cursors = [{ ref, fromTicket: 0, toTicket: 4 }];
      await store.saveTerms({ puts: [], setMarks: [], clearMarks: [], cursors });
      while (await store.expire(later));
      assert.deepEqual(await sequencesOf(store), [4, 5, 6, 7, 8, 9]);
    });
  });

  test("gives summaries as of one moment while they are written", async () => {
    await withStore(async (store) => {
      const keys = Array.from({ length: 40 }, (_, i) => ({ scope: "overall", level: 0 as const, startMs: i * 10_000 }));
      let isWriting = true;
      const writing = (async () => {
        for (let version = 1; version <= 60; version++) {
          const puts = keys.map((key) => ({
            ...key,
            version,
            bytes: new Uint8Array(8),
            included: {},
            expiresAtMs: Number.MAX_SAFE_INTEGER,
          }));
          assert.ok(await store.saveTerms({ puts, setMarks: [], clearMarks: [], cursors: [] }));
        }
        isWriting = false;
      })();
      while (isWriting) {
        const versions = (await store.getSummaries(keys)).map(({ version }) => version);
        assert.ok(new Set(versions).size <= 1, `versions ${versions}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writing;
    });
  });

  test("fails one call and not those that share its transaction", async () => {
    await withStore(async (store) => {
      await store.createTopic(topic, 10);
      const calls = [append(store, "a"), store.touchSubscriber("s", undefined as never), append(store, "b")];

      const [a, broken, b] = await Promise.allSettled(calls);

      assert.equal(broken!.status, "rejected");
      assert.deepEqual([a!.status, b!.status], ["fulfilled", "fulfilled"]);
      assert.deepEqual(await sequencesOf(store), [0, 1]);
    });
  });
});

// ── A full disk ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A module for a process of its own. `open()` opens the folder named in its arguments. */
function program(body: string): string {
  return `
    const { openEmbeddedStore } = await import(${JSON.stringify(new URL("./store.ts", import.meta.url).href)});
    const { draftOf, encodePart } = await import(${JSON.stringify(new URL("../../core/entry.ts", import.meta.url).href)});
    const open = () => openEmbeddedStore(process.argv[1]);
    ${body}`;
}

/** Publishes and tells what became of each; goes on after each line of its input. Each call is a message of its own. */
const publishing = program(`
  const { createInterface } = await import("node:readline");
  const store = await open();
  const append = async (i) => {
    const payload = encodePart("p", [draftOf('"body":"' + "x".repeat(200_000) + '"}')]);
    try {
      const { firstSequences } = await store.append({ topic: "news", incarnation: ${t0}, parts: [{ shard: 0, count: 1, payload }], nowMs: ${t0} + i });
      return firstSequences[0];
    } catch (error) {
      return error.code;
    }
  };
  let i = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const outcomes = [];
    for (let n = Number(line); n > 0; n--) outcomes.push(await append(i++));
    const shard = await store.getShard({ topic: "news", incarnation: ${t0}, shard: 0 });
    console.log(JSON.stringify({ outcomes, messages: shard.messages }));
  }
  process.kill(process.pid, "SIGKILL");
`);

test("on a full disk nothing is acknowledged or lost, and writing goes on when there is room", {
  timeout: 60_000,
  skip: spawnSync("prlimit", ["--version"]).status === 0 ? false : "needs prlimit",
}, async () => {
  const folder = newFolder();
  await withStore(async (store) => void (await store.createTopic(topic, 10)), folder);

  // No file may grow beyond 3 MB: a write behind that fails, as on a full disk.
  const child = spawn(
    "prlimit",
    ["--fsize=3000000:unlimited", process.execPath, "--input-type=module", "-e", publishing, folder],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: child.stdout });
  const publish = async (calls: number): Promise<{ outcomes: (number | string)[]; messages: number }> => {
    child.stdin.write(`${calls}\n`);
    const [line] = await once(lines, "line");
    return JSON.parse(line);
  };

  const full = await publish(30);
  const acknowledged = full.outcomes.filter((outcome) => typeof outcome === "number");
  assert.ok(acknowledged.length >= 5 && acknowledged.length < 30, `${full.outcomes}`);
  assert.deepEqual(new Set(full.outcomes.slice(acknowledged.length)), new Set(["unavailable"]));
  assert.equal(full.messages, acknowledged.length, "what was refused is not there, and reading goes on");

  assert.equal(spawnSync("prlimit", [`--pid=${child.pid}`, "--fsize=unlimited:unlimited"]).status, 0);
  const more = await publish(5);
  const expected = Array.from({ length: acknowledged.length + 5 }, (_, i) => i);
  assert.deepEqual([...acknowledged, ...more.outcomes], expected, "sequences go on without a repeat");

  child.stdin.end();
  await once(child, "exit");
  await withStore(async (store) => assert.deepEqual(await sequencesOf(store), expected), folder);
});
