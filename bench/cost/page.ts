import { table } from "../compare/tables.ts";
import { type CallCost, callNames } from "./calls.ts";
import { billOf, type Measured, rowPerWord, snsAndSqs, totalOf, traditional, workloads } from "./months.ts";
import { callPrice, prices, unitsPrice } from "./prices.ts";

export const columns = {
  calls: [
    "call",
    "write units",
    "read units",
    "DynamoDB, $ per million",
    "with API and function",
    "per million messages",
  ],
  terms: [
    "terms of one topic at",
    "write units a message",
    "read units a message",
    "$ per million messages",
    "one row per word",
  ],
  bill: ["a month of", "API, functions, logs", "log and cursors", "terms", "storage", "watching", "all, $"],
  beside: ["a month of", "Bellwether", "with one row per word", "SNS + SQS", "balancer, servers, RDS"],
} as const;

/** What is written into `docs/guides/cost.md`: Markdown. */
export function renderCosts(run: Readonly<Record<string, string>>, measured: Measured): string {
  const names = Object.entries(callNames) as [keyof typeof callNames, string][];
  const rowPrice = 2 * measured.wordsPerMessage * prices.writeUnits;
  return [
    Object.entries(run)
      .map(([name, value]) => `- ${name}: ${value}`)
      .join("\n"),
    "### Each call",
    table(
      columns.calls,
      names.map(([name, title]) => callRow(title, measured.calls[name])),
    ),
    "### Terms",
    `A message of this text has ${figure(measured.wordsPerMessage)} different terms on average. They are counted for the topic and overall.`,
    table(
      columns.terms,
      measured.terms.map(({ perSecond, write, read }) => [
        `${perSecond.toLocaleString("en")} ${perSecond === 1 ? "message" : "messages"}/s`,
        figure(write),
        figure(read),
        figure(unitsPrice({ write, read }) * 1e6),
        figure(rowPrice),
      ]),
    ),
    `With nothing to do, a run of countTerms and of rollUpTerms together read ${figure(measured.sweep.read)} units and write ${figure(measured.sweep.write)}.`,
    "### A month",
    "In dollars.",
    table(
      columns.bill,
      workloads.map((workload) => {
        const bill = billOf(workload, measured);
        const { calls, log, terms, stored, watching } = bill;
        return [workload.name, ...[calls, log, terms, stored, watching, totalOf(bill)].map(dollars)];
      }),
    ),
    "### Beside others",
    "In dollars for the same month.",
    table(
      columns.beside,
      workloads.map((workload) => [
        workload.name.split(":", 1)[0]!,
        ...[
          totalOf(billOf(workload, measured)),
          rowPerWord(workload, measured),
          snsAndSqs(workload),
          traditional(workload, measured),
        ].map(dollars),
      ]),
    ),
  ].join("\n\n");
}

function callRow(title: string, cost: CallCost): string[] {
  const perMillion = unitsPrice(cost) * 1e6;
  const isMore = title.startsWith("more ");
  const all = perMillion + callPrice() * 1e6;
  return [
    title,
    figure(cost.write),
    figure(cost.read),
    figure(perMillion),
    isMore ? "-" : figure(all),
    isMore || cost.messages === 0 ? "-" : figure(all / cost.messages),
  ];
}

function figure(value: number): string {
  return value === 0
    ? "0"
    : value >= 100
      ? Math.round(value).toLocaleString("en")
      : String(Number(value.toPrecision(2)));
}

function dollars(value: number): string {
  return value === 0 ? "0" : value >= 10 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}
