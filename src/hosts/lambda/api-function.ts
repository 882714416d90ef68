import type { HttpHandler, HttpResponse } from "../http-types.ts";
import { problemResponse } from "../problems.ts";
import { type GatewayEvent, type GatewayResult, requestOf } from "./events.ts";
import type { Invocation } from "./invocation.ts";
import type { Telemetry } from "./telemetry.ts";

export type ApiFunction = (event: GatewayEvent, invocation: Invocation) => Promise<GatewayResult>;

/** Left of an invocation's time for the answer, when a wait is cut short. */
const answerMs = 1_000;

/**
 * What a stream gathers before it ends, in characters: with one more page, spelled as JSON in Lambda's answer, it stays
 * below the 6 MB that an answer may have.
 */
const streamCharactersMax = 1_048_576;

/** A Lambda function behind API Gateway: event in, answer out. Every fault is a problem with a code, as on one machine. */
export function createApiFunction(handler: HttpHandler, telemetry: Telemetry): ApiFunction {
  return (event, invocation) =>
    telemetry.invoked(invocation, async () => {
      const startedAt = performance.now();
      const waiting = new AbortController();
      const timer = setTimeout(() => waiting.abort(), Math.max(0, invocation.getRemainingTimeInMillis() - answerMs));
      try {
        const response = await handler(requestOf(event, waiting.signal));
        const body = response.stream ? await gathered(response.stream) : (response.body ?? "");
        telemetry.answered(response, performance.now() - startedAt);
        return resultOf(response, body);
      } catch (error) {
        const response = problemResponse(error);
        telemetry.answered(response, performance.now() - startedAt);
        return resultOf(response, response.body ?? "");
      } finally {
        clearTimeout(timer);
      }
    });
}

/** A finite stream as one text: what has been read of it so far when it is large, or ends, or fails. */
async function gathered(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream) {
    text += Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString();
    if (text.length >= streamCharactersMax) break;
  }
  return text;
}

function resultOf({ status, headers }: HttpResponse, body: string): GatewayResult {
  return { statusCode: status, headers, body, isBase64Encoded: false };
}
