import { readdir } from "node:fs/promises";
import type { Excuse } from "../crash/service.ts";
import type { World } from "../crash/world.ts";
import type { Random } from "../random.ts";
import type { DataDisk } from "./data-disk.ts";

/** What a trouble has to make itself with. Its random numbers are its own. */
export interface Scene {
  readonly world: World;
  readonly disk: DataDisk;
  readonly random: Random;
  /** Topics that are being published to. */
  readonly topics: readonly string[];
}

/**
 * Something bad that happens to the service for a while. One file in `troubles/` with one default export; the file's name
 * is the trouble's. The checks stay as strict as ever but for what `excuse` names.
 */
export interface Trouble {
  /** One line for the help. */
  readonly about: string;
  /** How long it lasts at least and at most, in ms. */
  readonly lastsMs: readonly [number, number];
  /** What callers and log may see while it lasts, and only then. Without it everything must go on as if nothing were. */
  readonly excuse?: Excuse;
  /** It ends the process. A run leaves it out for a while, so that one process lives long enough to see leaks. */
  readonly endsProcess?: true;
  /** Why it cannot be made on this machine, or undefined. */
  unavailable?(disk: DataDisk): string | undefined;
  /** Begins it. Gives what ends it, and leaves no trace: from then on everything must work. */
  begin(scene: Scene): Promise<() => Promise<void> | void>;
}

/** A trouble with the name of its file. */
export type NamedTrouble = Trouble & { readonly name: string };

/** All that are there. */
export async function loadTroubles(): Promise<NamedTrouble[]> {
  const files = (await readdir(new URL("./troubles/", import.meta.url))).filter((file) => file.endsWith(".ts")).sort();
  return Promise.all(
    files.map(async (file) => {
      const { default: trouble } = (await import(new URL(`./troubles/${file}`, import.meta.url).href)) as {
        default: Trouble;
      };
      return { ...trouble, name: file.slice(0, -".ts".length) };
    }),
  );
}
