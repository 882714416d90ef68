import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What the one-machine host measures, for Prometheus. */
export interface Metrics {
  called(operation: string, status: number, seconds: number): void;
  streamOpened(): void;
  streamClosed(): void;
  counted(messages: number, uncuttable: number): void;
  render(): Promise<string>;
}

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
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
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
    render: () => register.metrics(),
  };
}
