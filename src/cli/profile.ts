import { randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "./usage.ts";

/** A registered publisher that the profile keeps. */
export interface KeptPublisher {
  readonly publisherId: string;
  readonly token: string;
}

/** A registered subscriber that the profile keeps. */
export interface KeptSubscriber {
  readonly subscriberId: string;
  readonly token: string;
  readonly topics: readonly string[];
}

/** What a profile keeps for one service: publishers by topic, subscribers by name. */
export interface KeptService {
  readonly publishers: Map<string, KeptPublisher>;
  readonly subscribers: Map<string, KeptSubscriber>;
}

/** The tokens of this user. They are secrets: the file is 0600 in a folder of 0700, and is replaced as a whole. */
export interface Profile {
  /** What is kept for the service. */
  read(): Promise<KeptService>;
  /** Reads anew, changes and writes. Two processes at the very same time: the later wins, the other registers again. */
  update(change: (service: KeptService) => void): Promise<void>;
}

interface ProfileFile {
  readonly services?: Readonly<Record<string, ServiceFile>>;
}

interface ServiceFile {
  readonly publishers?: Readonly<Record<string, KeptPublisher>>;
  readonly subscribers?: Readonly<Record<string, KeptSubscriber>>;
}

/** Opens the profile of a name for a service; `warn` hears of a repaired mode. */
export function openProfile(folder: string, name: string, url: string, warn: (text: string) => Promise<void>): Profile {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw new UsageError(`"${name}" cannot be the name of a profile: letters, digits, ".", "_" and "-" can.`);
  }
  const path = join(folder, `${name}.json`);

  async function load(): Promise<Map<string, ServiceFile>> {
    await closeToOthers(folder, 0o700, warn);
    if (!(await closeToOthers(path, 0o600, warn))) return new Map();
    return new Map(Object.entries(parseProfile(path, await readFile(path, "utf8")).services ?? {}));
  }

  return {
    read: async () => openService((await load()).get(url) ?? {}),
    async update(change) {
      const services = await load();
      const service = openService(services.get(url) ?? {});
      change(service);
      services.set(url, {
        publishers: Object.fromEntries(service.publishers),
        subscribers: Object.fromEntries(service.subscribers),
      });
      await replaceFile(folder, path, `${JSON.stringify({ services: Object.fromEntries(services) }, null, 2)}\n`);
    },
  };
}

function openService({ publishers = {}, subscribers = {} }: ServiceFile): KeptService {
  return { publishers: new Map(Object.entries(publishers)), subscribers: new Map(Object.entries(subscribers)) };
}

function parseProfile(path: string, text: string): ProfileFile {
  try {
    return JSON.parse(text) as ProfileFile;
  } catch (cause) {
    throw new Error(`The profile ${path} is not JSON. Repair or delete it.`, { cause });
  }
}

/** Takes away the rights of others that somebody gave; false if there is nothing at the path. */
async function closeToOthers(path: string, mode: number, warn: (text: string) => Promise<void>): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return false;
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
    await chmod(path, mode);
    await warn(`${path} was open to other users; it is closed now. Its tokens may have been read.`);
  }
  return true;
}

async function replaceFile(folder: string, path: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: "wx", flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
