import Counter from "prom-client/lib/counter.js";
import collectDefaultMetrics from "prom-client/lib/defaultMetrics.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import { type BackgroundFunctionName, backgroundFunctions } from "#contract/operations.ts";
import type { Traffic } from "#core/traffic.ts";
import type { FunctionMeasures } from "../process-deployment.ts";

/** What the one-machine host measures, for Prometheus. */
export interface Metrics {
  called(operation: string, status: number, seconds: number): void;
  streamOpened(): void;
  streamClosed(): void;
  counted(messages: number, uncuttable: number): void;
  /** A pass of what runs behind the calls. */
  worked(work: BackgroundWork, seconds: number): void;
  workFailed(work: BackgroundWork): void;
  /** What was measured of the functions until now. */
  readonly measure: FunctionMeasures;
  /** What is taken in and given out from now on, read when it is asked for. */
  watch(traffic: Traffic): void;
  render(): Promise<string>;
}

/** What runs behind the calls. */
type BackgroundWork = BackgroundFunctionName;

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const calls = new Counter({
    name: "bellwether_calls_total",
    help: "Calls answered, by operation and status.",
    labelNames: ["operation", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "bellwether_call_seconds",
    help: "Time from a call's head to its answer, by operation; of streams, to their beginning.",
    labelNames: ["operation"],
    buckets: secondsBuckets,
    registers,
  });
  const streams = new Gauge({ name: "bellwether_open_streams", help: "Event streams open now.", registers });
  const counted = new Counter({
    name: "bellwether_messages_counted_total",
    help: "Messages whose terms were counted.",
    registers,
  });
  const uncuttable = new Counter({
    name: "bellwether_messages_uncuttable_total",
    help: "Messages counted as having no terms, as they could not be cut.",
    registers,
  });
  const workSeconds = new Histogram({
    name: "bellwether_work_seconds",
    help: "Time of a pass of what runs behind the calls.",
    labelNames: ["work"],
    buckets: secondsBuckets,
    registers,
  });
  const workFailures = new Counter({
    name: "bellwether_work_failures_total",
    help: "Passes of what runs behind the calls that failed.",
    labelNames: ["work"],
    registers,
  });
  const since = new Date().toISOString();
  // Looking a child up by its labels at each call costs more than counting does.
  const children = new Map<string, { calls: Counter.Internal; seconds: Histogram.Internal<string> }>();
  const childOf = (
    operation: string,
    status: number,
  ): { calls: Counter.Internal; seconds: Histogram.Internal<string> } => {
    const key = `${operation} ${status}`;
    let child = children.get(key);
    if (!child) {
      child = { calls: calls.labels(operation, String(status)), seconds: seconds.labels(operation) };
      children.set(key, child);
    }
    return child;
  };
  return {
    called(operation, status, duration) {
      const child = childOf(operation, status);
      child.calls.inc();
      child.seconds.observe(duration);
    },
    streamOpened: () => streams.inc(),
    streamClosed: () => streams.dec(),
    counted(messages, failed) {
      counted.inc(messages);
      uncuttable.inc(failed);
    },
    worked: (work, duration) => workSeconds.observe({ work }, duration),
    workFailed: (work) => workFailures.inc({ work }),
    async measure() {
      const [callTimes, workTimes, answered, failed] = await Promise.all([
        seconds.get(),
        workSeconds.get(),
        calls.get(),
        workFailures.get(),
      ]);
      const statuses = [
        ...answered.values.map(({ labels, value }) => ({
          name: labels.operation,
          status: Number(labels.status),
          value,
        })),
        ...failed.values.map(({ labels, value }) => ({ name: labels.work, status: 500, value })),
      ];
      return (name) => {
        const isWork = backgroundFunctions.some((work) => work === name);
        const times = isWork ? timesOf(workTimes, "work", name) : timesOf(callTimes, "operation", name);
        const sum = (isCounted: (status: number) => boolean): number =>
          statuses.reduce((total, each) => total + (each.name === name && isCounted(each.status) ? each.value : 0), 0);
        const errors = sum((status) => status >= 500);
        return {
          since,
          // A pass that failed has no time.
          calls: isWork ? times.count + errors : sum(() => true),
          refused: sum((status) => status >= 400 && status < 500),
          errors,
          p50Ms: quantileMs(times, 0.5),
          p99Ms: quantileMs(times, 0.99),
          coldStarts: null,
        };
      };
    },
    watch(traffic) {
      new Counter({
        name: "bellwether_messages_in_total",
        help: "Messages published.",
        registers,
        collect() {
          this.reset();
          this.inc(traffic.messagesIn);
        },
      });
      new Counter({
        name: "bellwether_messages_out_total",
        help: "Messages given to readers.",
        registers,
        collect() {
          this.reset();
          this.inc(traffic.messagesOut);
        },
      });
    },
    render: () => register.metrics(),
  };
}

/** How many of a histogram's times are at most each edge. */
interface Times {
  readonly count: number;
  readonly edges: readonly { readonly seconds: number; readonly count: number }[];
}

type HistogramValues = Awaited<ReturnType<Histogram<string>["get"]>>;

function timesOf({ values }: HistogramValues, label: string, name: string): Times {
  const own = values.filter(({ labels }) => (labels as Readonly<Record<string, unknown>>)[label] === name);
  const edges = own.flatMap(({ labels, value, metricName }) =>
    metricName?.endsWith("_bucket") ? [{ seconds: Number(labels.le), count: value }] : [],
  );
  return { count: own.find(({ metricName }) => metricName?.endsWith("_count"))?.value ?? 0, edges };
}

/** The upper edge of the bucket that holds the quantile; the last edge for what lies beyond all. null when there is none. */
function quantileMs({ count, edges }: Times, quantile: number): number | null {
  if (count === 0) return null;
  const reached = edges.find((edge) => edge.count >= quantile * count);
  const seconds = Math.min(reached?.seconds ?? Number.POSITIVE_INFINITY, secondsBuckets.at(-1)!);
  return seconds * 1000;
}
