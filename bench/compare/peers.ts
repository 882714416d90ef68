import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Peer } from "./peer.ts";

const folder = join(import.meta.dirname, "..", "peers");

/** Every system of every file in `bench/peers`. */
export async function loadPeers(): Promise<Peer[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const modules = await Promise.all(files.toSorted().map((name) => import(pathToFileURL(join(folder, name)).href)));
  return modules.flatMap((module) => (module as { peers: readonly Peer[] }).peers);
}

export async function findPeer(name: string): Promise<Peer> {
  const peer = (await loadPeers()).find((each) => each.name === name);
  if (!peer) throw new Error(`No file in bench/peers has "${name}".`);
  return peer;
}
