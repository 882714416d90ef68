import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Figure } from "./measure.ts";
import { describeMachine, renderTable } from "./report.ts";
import { accuracy } from "./terms/accuracy.ts";
import { readText } from "./terms/material.ts";
import type { TermsMeasure, TermsOptions } from "./terms/measure.ts";
import { cold, counting, cutting, size } from "./terms/speed.ts";
import { warm } from "./terms/warm.ts";

/** `npm run bench:terms`: what counting terms costs, and how near it is. Progress on stderr, the table on stdout. */
const measures: readonly TermsMeasure[] = [cutting, counting, cold, warm, size, accuracy];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    text: { type: "string" },
  },
});

if (values.help) {
  process.stdout.write(usage());
} else {
  const chosen = choose(values.only);
  const text = readText(values.text);
  const options: TermsOptions = { quick: values.quick, rounds: Number(values.rounds ?? (values.quick ? 1 : 15)), text };
  const run = {
    ...describeMachine(),
    text: `${text.name}, ${text.texts.length.toLocaleString("en")} messages of about 100 bytes`,
    rounds: `${options.rounds}, median; the order alternates; CPU time but for the warm answer`,
  };
  const figures: Figure[] = [];
  for (const measure of chosen) {
    process.stderr.write(`${measure.name}: ${measure.about}\n`);
    figures.push(...(await measure.run(options)));
  }
  const table = renderTable(run, figures);
  process.stdout.write(values.json ? `${JSON.stringify({ run, figures }, null, 2)}\n` : table);
  if (values.write) writeToPage(table);
}

function choose(only: string | undefined): readonly TermsMeasure[] {
  if (only === undefined) return measures;
  return only.split(",").map((name) => {
    const measure = measures.find((each) => each.name === name);
    if (!measure) throw new Error(`There is no measure "${name}"; there are ${measures.map((each) => each.name)}.`);
    return measure;
  });
}

/** Between the marks of the library's page. */
function writeToPage(table: string): void {
  const page = fileURLToPath(new URL("../docs/guides/terms-library.md", import.meta.url));
  const [head, lines] = table.split("\n\n");
  const rows = lines!.replace(/ +\|/g, " |").replace(/-+\|/g, "---|");
  const between = `<!-- bench:terms -->\n\n\`\`\`text\n${head}\n\`\`\`\n\n${rows}\n<!-- /bench:terms -->`;
  const text = readFileSync(page, "utf8");
  writeFileSync(
    page,
    text.replace(/<!-- bench:terms -->[\s\S]*<!-- \/bench:terms -->/, () => between),
  );
}

function usage(): string {
  const list = measures.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n");
  return `Usage: npm run bench:terms -- [options]

  --only a,b     only these measures, of:
${list}
  --quick        1 round and smaller counts: does it work, not how fast it is
  --rounds n     rounds of each variant (15)
  --text file    plain text, or a JSON object with a "text" in each line
  --write        put the table into docs/guides/terms-library.md
  --json         the figures with every round as JSON
`;
}
