import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { type BenchOptions, type Figure, type Goal, isMet } from "./measure.ts";
import { pinned } from "./processes.ts";
import type { BenchText } from "./text.ts";

/** What a figure is worth nothing without. */
export function describeRun(options: BenchOptions, text: BenchText): Record<string, string> {
  const { cores, ...bench } = describeBench(text, options.messageBytes);
  return {
    ...bench,
    server: options.server,
    rounds: `${options.rounds} of ${options.seconds} s after ${options.warmUpSeconds} s, median; order alternates; a fresh process and folder each`,
    cores,
  };
}

/** Machine, payload and cores of a bench over messages. */
export function describeBench({ source, messages }: BenchText, messageBytes: number) {
  const bytes = messages.reduce((sum, message) => sum + message.length, 0) / messages.length;
  return {
    ...describeMachine(),
    payload: `${source}, ${messages.length.toLocaleString("en")} messages of ${Math.round(bytes)} bytes of JSON on average (at most ${messageBytes})`,
    cores: pinned
      ? "server on core 0, load generator on core 1 (taskset)"
      : "not pinned: taskset or a second core is missing",
  };
}

/** The commit and what it runs on. */
export function describeMachine(): Record<string, string> {
  const [cpu] = cpus();
  return {
    commit: commit(),
    machine: `${cpus().length} x ${cpu?.model.trim() ?? "unknown"}, ${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export function renderTable(run: Readonly<Record<string, string>>, figures: readonly Figure[]): string {
  const head = Object.entries(run).map(([name, value]) => `${name.padEnd(8)} ${value}`);
  const rows = figures.map((figure) => [
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    figure.rounds.length > 1 ? `${round(Math.min(...figure.rounds))}-${round(Math.max(...figure.rounds))}` : "",
    figure.anchor ? `${figure.anchor.name} ${round(figure.anchor.value)}` : "",
    figure.anchor ? figure.anchor.ratio.toFixed(2) : "",
    (figure.goals ?? []).map((goal) => `${goalText(goal)} ${isMet(goal, figure) ? "met" : "MISSED"}`).join(", "),
    figure.detail ?? "",
  ]);
  const titles = ["what", "figure", "rounds", "anchor", "ratio", "goal", ""];
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return `${[...head, "", line(titles), rule, ...rows.map(line)].join("\n")}\n`;
}

function goalText({ of, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? `<= ${round(atMost!)}` : `>= ${round(atLeast)}`;
  return of === "ratio" ? `ratio ${bound}` : bound;
}

function round(value: number): string {
  if (Number.isNaN(value)) return "n/a";
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", "../src").trim() !== "";
    return `${git("rev-parse", "--short", "HEAD").trim()}${changed ? " with changes in src" : ""}`;
  } catch {
    return "unknown";
  }
}
