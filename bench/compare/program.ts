import { type ChildProcess, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { endProcess, startProgram } from "../processes.ts";
import type { PeerServer } from "./peer.ts";

const readyMsMax = 60_000;

/** Where a program is: on the PATH, in the system's folders, or where `go install` puts it. */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    "/usr/sbin",
    process.env.GOBIN ?? "",
    join(homedir(), "go/bin"),
  ];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** What a program prints about its version, or undefined where it is not installed. */
export function versionOf(name: string, args: readonly string[], pattern: RegExp): string | undefined {
  const path = findProgram(name);
  if (path === undefined) return undefined;
  const { stdout, stderr } = spawnSync(path, args, { encoding: "utf8" });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? "unknown version";
}

/** Starts a program on the server's core and waits until its port takes connections. What it prints goes to a file in `folder`. */
export async function serve(
  folder: string,
  port: number,
  command: readonly [name: string, ...args: string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<PeerServer> {
  const [name, ...args] = command;
  const path = name.startsWith("/") ? name : findProgram(name)!;
  const log = join(folder, `output-${port}.log`);
  const output = openSync(log, "w");
  const startedAt = performance.now();
  const child = startProgram("server", [path, ...args], { stdio: ["ignore", output, output], env, cwd: folder });
  closeSync(output);
  try {
    await portOpens(port, child);
  } catch (error) {
    await endProcess(child);
    throw new Error(`${name} did not start: ${readFileSync(log, "utf8").slice(-2000)}`, { cause: error });
  }
  return {
    address: { port },
    pids: [child.pid!],
    readyMs: performance.now() - startedAt,
    stop: () => endProcess(child),
  };
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function portOpens(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + readyMsMax;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    if (await takesConnections(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`Port ${port} took no connection within ${readyMsMax} ms.`);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
