import type { FunctionEvent } from "#client/mod.ts";

/** Events that a reader saved to try a function with, on this device. A key that was typed into one is not kept with it. */
const name = "bellwether.events";
const eventsMax = 50;

export function savedEvents(functionName: string): readonly FunctionEvent[] {
  return all()[functionName] ?? [];
}

export function saveEvent(functionName: string, event: FunctionEvent): void {
  const events = all();
  const withoutKey = JSON.parse(
    JSON.stringify(event)
      .replace(/Bearer [^"\\\s]+/g, "Bearer TOKEN")
      .replace(/bw_(pub|sub|str)_[\w-]+/g, "TOKEN"),
  ) as FunctionEvent;
  events[functionName] = [...(events[functionName] ?? []), withoutKey].slice(-eventsMax);
  try {
    localStorage.setItem(name, JSON.stringify(events));
  } catch {
    // A browser that keeps nothing.
  }
}

function all(): Record<string, FunctionEvent[]> {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "{}") as Record<string, FunctionEvent[]>;
  } catch {
    return {};
  }
}
