import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databasePath } from "#stores/embedded/database.ts";

/** What a file system of its own holds at most. It takes memory only as it is filled. */
const sizeBytes = 2 ** 31;

/**
 * Where the server's data lies: a file system of its own in memory where this process may mount one, which can be made
 * full; else a folder, where files can be kept from growing (`prlimit --fsize`).
 */
export class DataDisk {
  readonly folder: string;
  readonly dataDir: string;
  readonly isMounted: boolean;
  /** Why there is no file system of its own. */
  readonly notMounted: string | undefined;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "bellwether-soak-"));
    const disk = join(this.folder, "disk");
    mkdirSync(disk);
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "bellwether-soak", disk]);
    this.isMounted = mount.status === 0;
    if (!this.isMounted) this.notMounted = (mount.error?.message ?? String(mount.stderr)).trim();
    this.dataDir = join(disk, "data");
    process.once("exit", this.#remove);
  }

  /** Leaves about `freeBytes` of room. A size below what is used by then is refused, and the server goes on writing. */
  fill(freeBytes: number): void {
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = statfsSync(join(this.folder, "disk"));
      try {
        this.#resize((blocks - bfree) * bsize + freeBytes + attempt * 128 * 1024);
        return;
      } catch (error) {
        if (attempt === 50) throw error;
      }
    }
  }

  /** Room again, as at first. */
  makeRoom(): void {
    this.#resize(sizeBytes);
  }

  /** The largest of the data's files that grow, in bytes. */
  get largestFileBytes(): number {
    return Math.max(this.#bytesOf(""), this.#bytesOf("-wal"));
  }

  get bytes(): { database: number; log: number } {
    return { database: this.#bytesOf(""), log: this.#bytesOf("-wal") };
  }

  /** Takes it away; `keep` copies the data to a place that stays, and gives its path. */
  end(keep: boolean): string | undefined {
    if (this.isMounted && keep) this.makeRoom();
    const kept = keep ? mkdtempSync(join(tmpdir(), "bellwether-soak-kept-")) : undefined;
    if (kept !== undefined) cpSync(this.dataDir, kept, { recursive: true });
    process.removeListener("exit", this.#remove);
    this.#remove();
    return kept;
  }

  readonly #remove = (): void => {
    if (this.isMounted) spawnSync("umount", ["-l", join(this.folder, "disk")]);
    rmSync(this.folder, { recursive: true, force: true });
  };

  #resize(bytes: number): void {
    const { status, stderr } = spawnSync("mount", ["-o", `remount,size=${bytes}`, join(this.folder, "disk")]);
    if (status !== 0) throw new Error(`The disk cannot be made ${bytes} bytes large: ${String(stderr).trim()}`);
  }

  #bytesOf(suffix: string): number {
    return statSync(databasePath(this.dataDir) + suffix, { throwIfNoEntry: false })?.size ?? 0;
  }
}
