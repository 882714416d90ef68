/** Where the time comes from, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump either way; nothing that must hold may rest on it alone. */
  nowMs(): number;
}

/** RFC 3339 in UTC with milliseconds. */
export function timeToString(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}

// Calls that are committed together have one time, and so have the messages of an entry.
let lastMs = 0;
let lastText = new Date(0).toISOString();

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch of an RFC 3339 time with its offset, or undefined when it is none. */
export function timeFromString(text: string): number | undefined {
  const ms = rfc3339.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
