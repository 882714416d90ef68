import type { PopularTerm, PopularTerms } from "#contract/types.ts";
import type { Output } from "./context.ts";
import { columnsOf, countOf, formatCount, padToColumns } from "./format.ts";
import { printable } from "./output.ts";

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** The popular terms as lines: a bar for each term, with its count and, in words, how sure that is. */
export function drawTerms(output: Output, popular: PopularTerms, columnsMax: number = output.size().columns): string[] {
  const { terms } = popular;
  const rows = terms.map((each) => ({
    term: printable(output, each.term),
    count: formatCount(each.count),
    note: describeCertainty(each, terms.length),
    part: each.count / Math.max(1, terms[0]?.count ?? 1),
  }));
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(columnsOf));
  const termColumns = Math.min(widest(rows.map(({ term }) => term)), Math.max(8, Math.floor(columnsMax / 3)));
  const countColumns = widest(rows.map(({ count }) => count));
  const wantedNote = widest(rows.map(({ note }) => note));
  const left = columnsMax - termColumns - countColumns - 4;
  const noteColumns = left - wantedNote >= 8 ? wantedNote : 0;
  const barColumns = Math.max(4, left - noteColumns - (noteColumns > 0 ? 2 : 0));
  const lines = rows.map(({ term, count, note, part }) => {
    const bar = paint(output, padToColumns(drawBar(part, barColumns), barColumns));
    const text = `${padToColumns(term, termColumns)}  ${bar}  ${count.padStart(countColumns)}`;
    return noteColumns > 0 && note !== "" ? `${text}  ${note}` : text;
  });
  const body = lines.length > 0 ? lines : ["No terms yet."];
  return [cut(describeScope(popular), columnsMax), ...body, cut(describeRest(popular), columnsMax)];
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

const windowNames = {
  "1m": "the last minute",
  "10m": "the last 10 minutes",
  "1h": "the last hour",
  "1d": "the last day",
  all: "all time",
};

function describeScope({ scope, window, messages }: PopularTerms): string {
  const where = scope === "overall" ? "all topics" : scope.replace(/^topic:/, "");
  return `Popular in ${where}, ${windowNames[window.name]}: ${countOf(messages, "message")}`;
}

function describeRest({ exact, floor, asOf }: PopularTerms): string {
  const rest = exact ? "Every count is exact." : `A term that is not held is in at most ${countOf(floor, "message")}.`;
  return `${rest} Counted up to ${asOf.slice(11, 19)} UTC.`;
}
