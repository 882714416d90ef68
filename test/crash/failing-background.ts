import { existsSync, writeFileSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";

/** Loaded before the server: its background thread, the one that is given a port, ends before it has begun, once. */
const path = process.env.BELLWETHER_TEST_FAILED_ONCE!;
if (!isMainThread && workerData?.port !== undefined && !existsSync(path)) {
  writeFileSync(path, "");
  throw new Error("too many open files");
}
