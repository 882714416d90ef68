import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { endProcess, startNode } from "./processes.ts";

/** A server in a process of its own, on loopback. */
export interface BenchServer {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until it said that it serves. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** The service over a data folder, with what a bench asks of it apart from the load. */
export interface BenchService extends BenchServer {
  /** A JSON call; throws on any answer but 2xx. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<Record<string, unknown>>;
  /** A topic to publish to: its path and a publisher's token. */
  topic(name: string, terms: boolean): Promise<{ path: string; token: string }>;
}

/** What `npm start` starts, built if it is older than the sources. */
export function builtService(): string {
  const { status } = spawnSync(process.execPath, ["scripts/build.ts", "--code"], {
    cwd: resolve(import.meta.dirname, ".."),
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("The service could not be built.");
  return "dist/hosts/local/main.js";
}

/** An empty folder on the disk that temporary files are on. */
export function makeFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "bellwether-bench-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Starts the service from its main file, relative to the repository's root or absolute; on `folder` if given, else on an
 * empty one that is removed when it stops.
 */
export async function startService(mainFile: string, folder?: string): Promise<BenchService> {
  const own = folder === undefined ? makeFolder() : undefined;
  const args = ["--port", "0", "--data-dir", folder ?? own!.path, "--log-level", "error", "--audit-log", "false"];
  const server = await startServer(mainFile, args, /serves on http:\/\/127\.0\.0\.1:(\d+)/).catch((error) => {
    own?.remove();
    throw error;
  });
  const call: BenchService["call"] = async (method, path, body, token) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  return {
    ...server,
    call,
    async topic(name, terms) {
      await call("PUT", `/v1/topics/${name}`, { terms: { enabled: terms } });
      const { token } = await call("POST", "/v1/publishers", { name: "bench", topics: [name] });
      return { path: `/v1/topics/${name}/messages`, token: String(token) };
    },
    async stop() {
      await server.stop();
      own?.remove();
    },
  };
}

/** Starts the bare `node:http` server that answers POSTs with 201 and `answerBytes` of JSON. */
export function startEcho(answerBytes: number): Promise<BenchServer> {
  return startServer("bench/anchors/echo.ts", [String(answerBytes)], /listening on (\d+)/);
}

/** Runs the bare SQLite prototype to its end; messages per second. */
export async function runSqlite(args: {
  messageBytes: number;
  batch: number;
  warmUpSeconds: number;
  seconds: number;
}): Promise<number> {
  const folder = makeFolder();
  try {
    const child = startNode(
      "server",
      "bench/anchors/sqlite.ts",
      [folder.path, ...[args.messageBytes, args.batch, args.warmUpSeconds, args.seconds].map(String)],
      ["ignore", "pipe", "inherit"],
    );
    let text = "";
    child.stdout!.on("data", (chunk) => {
      text += chunk;
    });
    await once(child, "close");
    return (JSON.parse(text) as { messagesPerSecond: number }).messagesPerSecond;
  } finally {
    folder.remove();
  }
}

/** Empties the page cache's dirty part, so that one round's writes do not slow the next one's fsyncs. */
export function settleDisk(): void {
  spawnSync("sync");
}

async function startServer(file: string, args: readonly string[], ready: RegExp): Promise<BenchServer> {
  const startedAt = performance.now();
  const child = startNode("server", file, args, ["ignore", "pipe", "inherit"]);
  const port = Number(await firstMatch(child, ready, file));
  const readyMs = performance.now() - startedAt;
  child.stdout!.resume();
  return { pid: child.pid!, port, readyMs, stop: () => endProcess(child) };
}

function firstMatch(child: ChildProcess, pattern: RegExp, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) resolve(match[1]!);
    });
    child.once("exit", (code) => reject(new Error(`${file} ended while starting (${code}): ${text}`)));
  });
}
