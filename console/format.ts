/** Numbers and times as people read them. Every number comes with its unit; times are in the reader's zone. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `12,345`. */
export function count(value: number): string {
  return whole.format(value);
}

/** `12.3K`, for where there is little room; the whole number belongs beside it or in a title. */
export function shortCount(value: number): string {
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);
}

/** `1 message`, `2 messages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Messages per second, as `0`, `0.02`, `3.4` or `1,200`. */
export function rate(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return whole.format(value);
  return value >= 1 ? value.toFixed(1) : value >= 0.01 ? value.toFixed(2) : "< 0.01";
}

/** `512 B`, `1.4 KB`, `3.2 GB`; 1 KB is 1,000 bytes. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, value < 1000 ? 0 : Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${power === 0 || scaled >= 100 ? whole.format(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

/** `0.8 ms`, `42 ms`, `1.3 s`. */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 10 ? whole.format(value) : value.toFixed(1)} ms`;
}

/** A stretch of time in its largest unit: `90 seconds` is `1 min`. */
export function seconds(value: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
  ];
  const step = steps.find(([size]) => value >= size);
  return step ? `${whole.format(Math.floor(value / step[0]))} ${step[1]}` : `${whole.format(value)} s`;
}

/** `12 %`, `0.4 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value < 0.1 ? "< 0.1" : value.toFixed(1)} %`;
}

/** How long ago, in words: `now`, `8 s ago`, `3 min ago`, `in 2 h`. */
export function ago(thenMs: number, nowMs: number): string {
  const passed = Math.round((nowMs - thenMs) / 1000);
  if (Math.abs(passed) < 3) return "now";
  return passed > 0 ? `${seconds(passed)} ago` : `in ${seconds(-passed)}`;
}

const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayTime = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const fullTime = new Intl.DateTimeFormat(undefined, {
  dateStyle: "full",
  timeStyle: "long",
});

/** The time of day to the second, with the day unless it is today. */
export function localTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return isToday ? clockTime.format(at) : dayTime.format(at);
}

/** The exact instant, in the reader's zone and as RFC 3339. */
export function exactTime(at: string | number): string {
  const time = new Date(at);
  return `${fullTime.format(time)} (${typeof at === "string" ? at : time.toISOString()})`;
}
