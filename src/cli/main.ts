#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Context } from "./context.ts";
import { createOutput } from "./output.ts";
import { runCli } from "./run.ts";

const { env } = process;
if (process.argv[2] === "serve") (await import("#hosts/local/memory-options.main.ts")).giveMemoryOptions();
const controller = new AbortController();
const end = () => controller.abort();

// The first signal ends in order (a reader commits); the second one ends at once.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    end();
  });
}

const noColor = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
// Two folders up in the sources as in what is installed.
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const context: Context = {
  url: env.BELLWETHER_URL || "http://127.0.0.1:8080",
  profileName: env.BELLWETHER_PROFILE || "default",
  profileFolder: join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "bellwether"),
  adminKey: env.BELLWETHER_ADMIN_KEY || undefined,
  version,
  stdin: process.stdin,
  stdout: createOutput(process.stdout, noColor, end),
  stderr: createOutput(process.stderr, noColor, end),
  signal: controller.signal,
};

// Every write was waited for; an unread standard input must not keep the process alive.
process.exit(await runCli(context, process.argv.slice(2)));
