/** What the functions are set to. Complete and frozen; made once by a composition root. */
export interface ServiceSettings {
  /** SHA-256 (hex) of the admin keys; two may be set, for rotation. */
  readonly adminKeyHashes: readonly string[];
  /** Anyone who reaches the service may register and make topics. */
  readonly openRegistration: boolean;
  /** Anyone who reaches the service may do everything: for one that only its own machine reaches. */
  readonly openAdmin: boolean;
  /** Anyone may read topics, messages and terms. */
  readonly publicRead: boolean;
  readonly topicsMax: number;
  readonly publishersMax: number;
  readonly subscribersMax: number;
  /** The longest that a read waits for messages, in seconds. */
  readonly waitSecondsMax: number;
  /** Event streams end once they have nothing to give, as reads do: for hosts that pay for the time that a call is open. */
  readonly finiteStreams: boolean;
  /** The longest that a deletion may take to work in another process, in ms: how long registrations are kept in memory. */
  readonly registryCacheMs: number;
  /** How long answers about terms are given out of one look at a scope, in ms: so old they may be. */
  readonly termsViewMs: number;
  /** What `pollAfterMs` says when there is nothing more to read. */
  readonly pollAfterMs: number;
}

export const defaultServiceSettings: ServiceSettings = Object.freeze({
  adminKeyHashes: [],
  openRegistration: true,
  openAdmin: false,
  publicRead: true,
  topicsMax: 10_000,
  publishersMax: 10_000,
  subscribersMax: 10_000,
  waitSecondsMax: 20,
  finiteStreams: false,
  registryCacheMs: 60_000,
  termsViewMs: 1_000,
  pollAfterMs: 1_000,
});
