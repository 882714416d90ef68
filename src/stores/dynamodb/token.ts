import type { Timing } from "./timing.ts";

/** A token that makes a repeated transaction none: 30 random characters. */
export function newToken(timing: Timing): string {
  const part = (): string => Math.floor(timing.random() * 36 ** 10).toString(36);
  return (part() + part() + part()).padEnd(30, "0").slice(0, 36);
}
