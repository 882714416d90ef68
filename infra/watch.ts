import { CfnOutput, Duration } from "aws-cdk-lib";
import type { HttpStage } from "aws-cdk-lib/aws-apigatewayv2";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { metricNames, metricNamespace } from "../src/hosts/lambda/telemetry.ts";
import { pascalCase } from "./tables.ts";

export interface Watched {
  readonly stage: HttpStage;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly tables: ReadonlyMap<string, TableV2>;
}

const fiveMinutes = Duration.minutes(5);

/** The functions that most calls go to, and those behind them: shown and alarmed one by one. */
const busy = ["publish", "subscribe", "getPopularTerms", "countTerms", "rollUpTerms"];

/** One dashboard, and alarms on what should not be: each names what it means and where to look. */
export function createWatch(scope: Construct, watched: Watched): void {
  createDashboard(scope, watched);
  const alarms = new Topic(scope, "Alarms", { displayName: "Bellwether: alarms" });
  new CfnOutput(scope, "AlarmTopic", { value: alarms.topicArn, description: "Subscribe to it to be told of alarms." });
  const alarm = (id: string, alarmDescription: string, metric: IMetric, threshold: number): void => {
    const made = new Alarm(scope, `Alarm${id}`, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    made.addAlarmAction(new SnsAction(alarms));
  };
  const { stage, functions } = watched;
  alarm(
    "ServerErrors",
    "The API answered with 5xx. See the access log and the log of the route's function.",
    stage.metricServerError({ period: fiveMinutes, statistic: Stats.SUM }),
    5,
  );
  alarm(
    "Faults",
    "A function met an unexpected fault. See `unexpected fault` in the functions' logs.",
    own("faults"),
    1,
  );
  for (const name of busy) {
    const each = functions.get(name)!;
    const id = pascalCase(name);
    alarm(`Errors${id}`, `${name} failed, ran out of time or memory.`, each.metricErrors({ period: fiveMinutes }), 3);
    alarm(
      `Throttles${id}`,
      `${name} was throttled: the account's concurrency is used up.`,
      each.metricThrottles({ period: fiveMinutes }),
      10,
    );
  }
  alarm(
    "IteratorAge",
    "Terms are counted more than five minutes late. See countTerms.",
    iteratorAge(functions),
    300_000,
  );
  alarm(
    "Tombstones",
    "Readers filled many gaps: writers die or are slow between ticket and entry.",
    own("tombstones"),
    100,
  );
  alarm("Uncuttable", "Messages could not be cut into terms and count as having none.", own("uncuttableMessages"), 1);
}

function createDashboard(scope: Construct, { stage, functions, tables }: Watched): void {
  const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
    new GraphWidget({ title, left, right, width: 12, height: 6 });
  const ofBusy = (metric: (each: LambdaFunction, label: string) => IMetric): IMetric[] =>
    busy.map((name) => metric(functions.get(name)!, name));
  const all = [...tables];
  new Dashboard(scope, "Dashboard", {
    widgets: [
      [
        graph(
          "Calls",
          [stage.metricCount({ statistic: Stats.SUM })],
          [stage.metricClientError(), stage.metricServerError()],
        ),
        graph("Latency of calls, ms", [
          stage.metricLatency({ statistic: "p50" }),
          stage.metricLatency({ statistic: "p99" }),
        ]),
      ],
      [
        graph(
          "Invocations",
          ofBusy((each, label) => each.metricInvocations({ label })),
        ),
        graph(
          "Duration, p99, ms",
          ofBusy((each, label) => each.metricDuration({ label, statistic: "p99" })),
        ),
      ],
      [
        graph(
          "Errors and throttles",
          ofBusy((each, label) => each.metricErrors({ label })),
          ofBusy((each, label) => each.metricThrottles({ label: `${label} throttled` })),
        ),
        graph(
          "Cold starts",
          ofBusy((each, label) => coldStarts(each, label)),
        ),
      ],
      [
        graph("Tombstones and refused tickets", [own("tombstones"), own("refusedTickets")]),
        graph(
          "Counting: lag, ms, and messages",
          [own("countingLagMs", Stats.MAXIMUM), iteratorAge(functions)],
          [own("messagesCounted"), own("uncuttableMessages")],
        ),
      ],
      [
        graph(
          "Read capacity used",
          all.map(([label, table]) => table.metricConsumedReadCapacityUnits({ label, statistic: Stats.SUM })),
        ),
        graph(
          "Write capacity used",
          all.map(([label, table]) => table.metricConsumedWriteCapacityUnits({ label, statistic: Stats.SUM })),
        ),
      ],
    ],
  });
}

/** A metric that the functions emit themselves. */
function own(name: keyof typeof metricNames, statistic: string = Stats.SUM): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName: metricNames[name],
    dimensionsMap: { service: "bellwether" },
    statistic,
    period: fiveMinutes,
  });
}

function coldStarts({ functionName }: LambdaFunction, label: string): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName: "ColdStart",
    dimensionsMap: { service: "bellwether", function_name: functionName },
    statistic: Stats.SUM,
    label,
  });
}

function iteratorAge(functions: ReadonlyMap<string, LambdaFunction>): Metric {
  return functions.get("countTerms")!.metric("IteratorAge", { statistic: Stats.MAXIMUM, period: fiveMinutes });
}
