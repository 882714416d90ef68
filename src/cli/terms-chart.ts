import type { PopularTerm, PopularTerms, RisingTerms, TermsWindow } from "#contract/types.ts";
import type { Output } from "./context.ts";
import { columnsOf, countOf, formatCount, padToColumns } from "./format.ts";
import { printable } from "./output.ts";

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A term as a line: `part` of the longest bar, 0..1, and in words what else there is to know. */
interface Row {
  readonly term: string;
  readonly count: string;
  readonly note: string;
  readonly part: number;
}

/** Popular or rising terms as lines: a bar for each term, with its count and, in words, how sure or how new that is. */
export function drawTerms(
  output: Output,
  answer: PopularTerms | RisingTerms,
  columnsMax: number = output.size().columns,
): string[] {
  const rows = answer.sort === "popular" ? popularRows(answer) : risingRows(answer);
  const lines = drawRows(output, rows, columnsMax);
  const body = lines.length > 0 ? lines : [describeNone(answer)];
  return [cut(describeScope(answer), columnsMax), ...body, cut(describeRest(answer), columnsMax)];
}

function popularRows({ terms }: PopularTerms): Row[] {
  return terms.map((each) => ({
    term: each.term,
    count: formatCount(each.count),
    note: describeCertainty(each, terms.length),
    part: each.count / Math.max(1, terms[0]?.count ?? 1),
  }));
}

/** The bars are scores: the count of a rising term says little beside that of another. */
function risingRows({ terms }: RisingTerms): Row[] {
  return terms.map(({ term, count, expected, score, lift }) => ({
    term,
    count: formatCount(count),
    note: `instead of ${expected < 10 ? expected.toFixed(1) : formatCount(expected)}, ${lift.toFixed(1)} times as many`,
    part: score / Math.max(1, terms[0]?.score ?? 1),
  }));
}

function drawRows(output: Output, rows: readonly Row[], columnsMax: number): string[] {
  const shown = rows.map((row) => ({ ...row, term: printable(output, row.term) }));
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(columnsOf));
  const termColumns = Math.min(widest(shown.map(({ term }) => term)), Math.max(8, Math.floor(columnsMax / 3)));
  const countColumns = widest(shown.map(({ count }) => count));
  const wantedNote = widest(shown.map(({ note }) => note));
  const left = columnsMax - termColumns - countColumns - 4;
  const noteColumns = left - wantedNote >= 8 ? wantedNote : 0;
  const barColumns = Math.max(4, left - noteColumns - (noteColumns > 0 ? 2 : 0));
  return shown.map(({ term, count, note, part }) => {
    const bar = paint(output, padToColumns(drawBar(part, barColumns), barColumns));
    const text = `${padToColumns(term, termColumns)}  ${bar}  ${count.padStart(countColumns)}`;
    return noteColumns > 0 && note !== "" ? `${text}  ${note}` : text;
  });
}

function drawBar(part: number, columns: number): string {
  const units = Math.max(1, Math.round(part * columns * 8));
  return "█".repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? "");
}

function paint(output: Output, text: string): string {
  return output.isColored ? `\u001b[36m${text}\u001b[0m` : text;
}

function cut(text: string, columns: number): string {
  return columnsOf(text) > columns ? padToColumns(text, columns) : text;
}

/** The count is never too high: what may be missing is the error. */
function describeCertainty({ error, certain }: PopularTerm, terms: number): string {
  const missing = error === 0 ? "exact" : `or up to ${formatCount(error)} more`;
  return certain ? missing : `${missing}, perhaps not in the first ${terms}`;
}

const windowNames = { "1m": "minute", "10m": "10 minutes", "1h": "hour", "1d": "day" };

/** `the last hour`, or for a window that ended longer ago than a bucket, `the hour up to 2026-01-31 08:00:10`. */
function describeWindow({ window, asOf }: TermsWindow): string {
  if (window.name === "all") return "all time";
  const isPast = Date.parse(window.to) < Date.parse(asOf) - 10_000;
  return isPast
    ? `the ${windowNames[window.name]} up to ${window.to.slice(0, 19).replace("T", " ")} UTC`
    : `the last ${windowNames[window.name]}`;
}

function describeScope(answer: PopularTerms | RisingTerms): string {
  const where = answer.scope === "overall" ? "all topics" : answer.scope.replace(/^topic:/, "");
  const what = answer.sort === "popular" ? "Popular" : "Rising";
  return `${what} in ${where}, ${describeWindow(answer)}: ${countOf(answer.messages, "message")}`;
}

function describeNone(answer: PopularTerms | RisingTerms): string {
  if (answer.sort === "popular") return "No terms yet.";
  return answer.reason === undefined ? "Nothing rises." : "Too few messages, now or before, to tell what rises.";
}

function describeRest(answer: PopularTerms | RisingTerms): string {
  const { exact, floor, asOf } = answer;
  const upTo = `Counted up to ${asOf.slice(11, 19)} UTC.`;
  if (answer.sort === "rising") {
    const { baseline } = answer;
    return baseline ? `Against ${countOf(baseline.messages, "message")} before. ${upTo}` : upTo;
  }
  return `${exact ? "Every count is exact." : `A term that is not held is in at most ${countOf(floor, "message")}.`} ${upTo}`;
}
