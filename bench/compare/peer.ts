/** What a comparison asks of one system. A file in `bench/peers` exports some of these as `peers`; nothing else is needed. */
export interface Peer {
  /** As the tables call it, settings that matter included: `Redis Streams, appendfsync always`. */
  readonly name: string;
  /**
   * What is known when a publish is acknowledged. `fsynced`: it survives a crash of the machine. `written`: of the process
   * only. `memory`: of neither. `nothing`: it is not stored at all.
   */
  readonly acknowledged: "fsynced" | "written" | "memory" | "nothing";
  /** The same in a sentence, with the settings that make it so. */
  readonly settings: string;
  /** What drives it: `the shared HTTP generator`, or the client and how many connections. */
  readonly client: string;
  /** One line: how to get it. */
  readonly install: string;
  readonly face: HttpFace | ClientFace;
  /** Measures that it takes no part in, each with the reason. */
  readonly lacks?: Partial<Record<MeasureName, string>>;
  /** Its version, or undefined where it is not installed. */
  version(): string | undefined;
  /** Starts it fresh on loopback with its data in an empty folder; resolves when it serves and the topic `bench` is there. */
  start(folder: string): Promise<PeerServer>;
}

export type MeasureName = "singles" | "batches" | "latency" | "fan-out";

/** Where a started system is, and what its requests need to know besides. Goes to the generator as JSON. */
export interface PeerAddress {
  readonly port: number;
  readonly token?: string;
}

export interface PeerServer {
  readonly address: PeerAddress;
  /** Every process that was started; their descendants count as well. */
  readonly pids: readonly number[];
  /** From the start of the (last) process until its port took connections. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** Driven by the load generator that all HTTP systems share. Both functions give whole requests of HTTP/1.1. */
export interface HttpFace {
  readonly kind: "http";
  /** One call that publishes these messages (each JSON). Answered with 2xx and a content-length. */
  publish(address: PeerAddress, messages: readonly Buffer[]): Buffer;
  /** Whether a 2xx answer says that it was done, for systems that put their errors there. */
  accepted?(answer: string): boolean;
  /** Opens an event stream of what is published from now on. */
  subscribe?(address: PeerAddress): Buffer;
}

/** Driven by the system's own client. */
export interface ClientFace {
  readonly kind: "client";
  /** A connection of its own, where the client has such a thing. */
  connect(address: PeerAddress): Promise<PeerClient>;
}

export interface PeerClient {
  /** Resolves when it is acknowledged. */
  publish(message: Buffer): Promise<unknown>;
  /** The fastest way that the client has to publish several; resolves when all are acknowledged. */
  publishBatch(messages: readonly Buffer[]): Promise<unknown>;
  /** Reads what is published from now on; resolves when nothing later can be missed. */
  subscribe(onMessage: (message: Buffer) => void): Promise<void>;
  close(): Promise<unknown>;
}
