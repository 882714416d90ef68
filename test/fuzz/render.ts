import type { Plan } from "./plans.ts";
import { applyTwists } from "./twists.ts";
import type { WireRequest } from "./wire.ts";
import { ownerOf, type World } from "./world.ts";

/** A plan with everything put in. */
export interface Rendered {
  readonly request: WireRequest;
  readonly path: Readonly<Record<string, unknown>>;
  /** The JSON value that the body was made of, before any twist. */
  readonly json: unknown;
}

/** Makes the request of a plan, as things stand in the world now. */
export function render(plan: Plan, world: World): Rendered {
  const { operation, body, stream, twists } = plan;
  const path = world.resolve(plan.path) as Record<string, unknown>;
  const owner = ownerOf(path);
  const query = (world.resolve(plan.query, owner) as [string, unknown][]).map(
    ([name, value]) => `${name}=${encoded(value)}`,
  );
  const filled = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(path[name]));
  const target = filled + (query.length > 0 ? `?${query.join("&")}` : "");
  const json = body && world.resolve(body.value, owner);
  const bytes = body ? Buffer.from(bodyText(body.type, json)) : Buffer.alloc(0);
  const token = world.tokenFor(plan.who, operation.id, path);
  const headers: (readonly [string, string])[] = [
    ["host", "localhost"],
    ...(token === undefined ? [] : [["authorization", `Bearer ${token}`] as const]),
    ...(body ? [["content-type", body.type] as const] : []),
    ...(body || operation.method !== "GET" ? [["content-length", String(bytes.length)] as const] : []),
    ...(stream ? [["accept", "text/event-stream"] as const] : []),
    ...(world.resolve(plan.headers, owner) as [string, unknown][]).map(
      ([name, value]) => [name.toLowerCase(), headerText(value)] as const,
    ),
  ];
  const request = applyTwists({ method: operation.method, target, headers, body: bytes }, twists);
  return { request, path, json };
}

function bodyText(type: string, value: unknown): string {
  if (type === "application/json") return JSON.stringify(value) ?? "";
  if (type.includes("ndjson") && Array.isArray(value)) return value.map((each) => JSON.stringify(each)).join("\n");
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function text(value: unknown): string {
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
}

function encoded(value: unknown): string {
  return encodeURIComponent(text(value).toWellFormed());
}

/** What a header can hold; twists put in what it cannot. */
function headerText(value: unknown): string {
  return text(value).replace(/[^\x20-\x7e]/g, "?");
}
