import type { HttpResponse } from "../http-types.ts";
import type { Invocation } from "./invocation.ts";

/** What the functions measure, each a metric of CloudWatch in the namespace below; infra draws alarms from these names. */
export const metricNames = {
  /** Gaps that a reader filled, as the writer that held the ticket had died or was slow. */
  tombstones: "Tombstones",
  /** Tickets of an append that a tombstone had taken, so that it took another. */
  refusedTickets: "RefusedTickets",
  /** From the oldest new message that woke counting to the end of the pass, in ms. */
  countingLagMs: "CountingLag",
  messagesCounted: "MessagesCounted",
  /** Messages that were counted as having no terms, as they could not be cut. */
  uncuttableMessages: "UncuttableMessages",
  faults: "Faults",
} as const;

export const metricNamespace = "Bellwether";

/** Logs and metrics of a function. Holds no state of an invocation that another could see. */
export interface Telemetry {
  /** Runs an invocation; every line logged within names it, and the first of an environment is marked as a cold start. */
  invoked<T>(invocation: Invocation, run: () => Promise<T>): Promise<T>;
  /** Says how a call was answered. What a caller sent is never logged: no body, header or query. */
  answered(response: HttpResponse, durationMs: number): void;
  failed(work: string, error: unknown): void;
  measured(name: keyof typeof metricNames, value: number): void;
}
