import type { PeerAddress } from "../compare/peer.ts";
import type { CoresBusy } from "../processes.ts";

/** What the generator can be asked to do. Everything is prebuilt before its clock starts. */
export type LoadJob = ClosedLoopJob | OpenLoopJob | LadderJob | IdleStreamsJob | PullJob;

/** What is published to: the service, or a system of `bench/peers` by its name; or any calls to the service, by turns. */
export type Target = PublishTarget | PeerTarget | RequestsTarget;

/** Where messages go, and of which sizes. `batch` 1 sends single messages. */
export interface PublishTarget {
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly messageBytes: number;
  readonly batch: number;
}

export interface PeerTarget {
  readonly peer: string;
  readonly address: PeerAddress;
  readonly messageBytes: number;
  readonly batch: number;
}

export interface RequestsTarget {
  readonly port: number;
  /** Whole requests. */
  readonly requests: readonly string[];
  readonly batch: 1;
}

interface Timing {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Whose CPU time is taken over the measured seconds. */
  readonly serverPid: number;
}

/** Each connection sends its next request when the last is answered: measures capacity. */
export interface ClosedLoopJob extends Timing {
  readonly kind: "closed-loop";
  readonly target: Target;
  readonly connections: number;
  /** Ends after so many requests instead of after `seconds`. */
  readonly requestsMax?: number;
}

/**
 * Messages are sent at their scheduled times whatever the server does, and latency counts from the scheduled time: a stall
 * is seen by every message that it would have delayed (no coordinated omission). With `streams`, to their delivery.
 */
export interface OpenLoopJob extends Timing {
  readonly kind: "open-loop";
  readonly target: Target;
  readonly connections: number;
  readonly messagesPerSecond: number;
  readonly streams: number;
}

/** Open loops at rising rates until two in a row have deliveries that come late (p99 over `p99MsMax`) or not at all. */
export interface LadderJob {
  readonly kind: "ladder";
  readonly target: Target;
  readonly connections: number;
  readonly streams: number;
  /** Messages per second, rising. */
  readonly rates: readonly number[];
  /** Of each rate. */
  readonly seconds: number;
  readonly p99MsMax: number;
  readonly serverPid: number;
}

export interface LadderStep {
  /** Deliveries per second: what was asked for, and what came while messages were sent. */
  readonly offered: number;
  readonly delivered: number;
  readonly p99Ms: number;
  readonly missing: number;
  readonly good: boolean;
  /** How busy the two cores were; a step that was not good failed on the one that was full. */
  readonly cores: CoresBusy | undefined;
}

export interface LadderResult {
  readonly steps: readonly LadderStep[];
}

/** Opens event streams and holds them until told to stop. */
export interface IdleStreamsJob {
  readonly kind: "idle-streams";
  readonly port: number;
  readonly path: string;
  readonly streams: number;
}

/** Reads a subscriber's messages page by page until there is no more. */
export interface PullJob {
  readonly kind: "pull";
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly limit: number;
  readonly serverPid: number;
}

export interface LoadResult {
  /** Messages acknowledged, delivered or read in the measured seconds. */
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  /** Messages acknowledged from the first request to the last, warm-up too, and when the first was sent (epoch). */
  readonly messagesTotal: number;
  readonly startedAtMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** What the server used over the measured seconds. */
  readonly serverCpuSeconds: number;
  /** The generator's own use of its core, 0..1: near 1 it measures itself. */
  readonly generatorCpu: number;
  /** Deliveries that did not come within the wait at the end. */
  readonly missing: number;
  readonly cores: CoresBusy | undefined;
}

/** What each kind of job answers with. */
export type ResultOf<Job extends LoadJob> = Job extends LadderJob ? LadderResult : LoadResult;

/** From the generator: `ready` when an idle-streams job holds its streams. */
export type LoadReply =
  | { readonly ready: true }
  | { readonly result: LoadResult | LadderResult }
  | { readonly failed: string };
