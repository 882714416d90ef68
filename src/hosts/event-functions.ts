import type { FunctionName } from "#contract/operations.ts";
import type { Json } from "#contract/types.ts";
import type { Context } from "#functions/context.ts";
import { TermCounting } from "#functions/count-terms.ts";
import { rollUpTerms } from "#functions/roll-up-terms.ts";
import { requestOf } from "./gateway-calls.ts";
import type { HttpHandler } from "./http-types.ts";
import type { EventFunction } from "./invocations.ts";
import { route } from "./router.ts";

/** What a stream gathers before it ends, in characters. */
const streamCharactersMax = 1_048_576;

/** The functions of this process as a cloud would call them. What has no route is only woken by its event. */
export function createEventFunctions(
  handler: HttpHandler,
  context: () => Context,
): (name: FunctionName) => EventFunction {
  const passes: Partial<Record<FunctionName, () => Promise<Record<string, Json>>>> = {
    countTerms: async () => ({ ...(await new TermCounting(context()).countTerms()) }),
    rollUpTerms: async () => ({ more: await rollUpTerms(context()) }),
    expire: async () => ({ more: await context().store.expire(context().clock.nowMs()) }),
  };
  return (name) => {
    const pass = passes[name];
    if (!pass) return (event, signal, log) => answerEvent(handler, name, event, signal, log);
    return async (_event, _signal, log) => {
      log(lineOf("INFO", "pass done", { function: name, ...(await pass()) }));
      return null;
    };
  };
}

async function answerEvent(
  handler: HttpHandler,
  name: FunctionName,
  event: Json,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Json> {
  const startedAt = performance.now();
  const request = requestOf(event, signal);
  // In a cloud only calls of its route come to a function.
  const called = route(request.method, request.target.split("?", 1)[0]!).name;
  if (called !== name) throw new Error(`The event is a call of ${called}, not of ${name}.`);
  const response = await handler(request);
  const body = response.stream ? await gathered(response.stream) : (response.body ?? "");
  const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
  log(lineOf("INFO", "answered", { function: name, status: response.status, durationMs }));
  if (response.cause !== undefined) log(lineOf("ERROR", "unexpected fault", { error: String(response.cause) }));
  return { statusCode: response.status, headers: response.headers, body, isBase64Encoded: false };
}

async function gathered(stream: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const part of stream) {
    text += part;
    if (text.length >= streamCharactersMax) break;
  }
  return text;
}

function lineOf(level: string, message: string, fields: Record<string, Json>): string {
  return JSON.stringify({ level, message, ...fields });
}
