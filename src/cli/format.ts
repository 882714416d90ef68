const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** `1,234,567`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** A count with its noun: `1 message`, `2 messages`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `0.25/s`, `1,230/s`. */
export function formatRate(perSecond: number): string {
  return `${(perSecond < 100 ? rough : whole).format(perSecond)}/s`;
}

/** `512 B`, `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${rough.format(bytes / 1_000 ** power)} ${units[power]}`;
}

/** `for ever`, `7 days`, `12 hours`. */
export function formatRetention(seconds: number): string {
  if (seconds === 0) return "for ever";
  if (seconds % 86_400 === 0) return countOf(seconds / 86_400, "day");
  return seconds % 3_600 === 0 ? countOf(seconds / 3_600, "hour") : countOf(seconds, "second");
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** The columns that a text takes in a terminal: marks none, East Asian and emoji two. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (!/^(?:\p{M}|\p{Cf})/u.test(character)) columns += wide.test(character) ? 2 : 1;
  }
  return columns;
}

/** The text in exactly so many columns, cut with an ellipsis if need be. */
export function padToColumns(text: string, columns: number): string {
  const taken = columnsOf(text);
  if (taken <= columns) return text + " ".repeat(columns - taken);
  let cut = "";
  for (const character of text) {
    if (columnsOf(cut + character) >= columns) break;
    cut += character;
  }
  return `${cut}…${" ".repeat(Math.max(0, columns - 1 - columnsOf(cut)))}`;
}

/** Rows of cells as text with aligned columns; numbers are for the caller to format. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => columnsOf(row[column] ?? ""))));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => padToColumns(cell, widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
