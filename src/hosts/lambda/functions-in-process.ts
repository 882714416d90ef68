import type { FunctionName } from "#contract/operations.ts";
import type { Json } from "#contract/types.ts";
import type { Context } from "#functions/context.ts";
import { allAnswers } from "../answers.ts";
import { createHttpHandler } from "../http.ts";
import type { EventFunction } from "../invocations.ts";
import { createApiFunction } from "./api-function.ts";
import { createCountTerms, createRollUpTerms } from "./background-functions.ts";
import type { GatewayEvent } from "./events.ts";
import type { Invocation } from "./invocation.ts";
import { createLineTelemetry } from "./line-telemetry.ts";
import type { Telemetry } from "./telemetry.ts";

/** A Lambda function whatever it is made by. */
type Handler = (event: unknown, invocation: Invocation) => Promise<unknown>;

/**
 * The Lambda functions over the store that this process serves, to be tried: the same handlers that are deployed, each
 * built anew for its event as in a new environment, with telemetry that goes to its caller instead of CloudWatch.
 */
export function createFunctionsInProcess(context: () => Context): (name: FunctionName) => EventFunction {
  let invocations = 0;
  return (name) => async (event, remainingMs, log) => {
    const handler = handlerOf(name, asOnLambda(context()), createLineTelemetry(log));
    const awsRequestId = `invocation-${++invocations}`;
    const result = await handler(event, { awsRequestId, functionName: name, getRemainingTimeInMillis: remainingMs });
    return (result ?? null) as Json;
  };
}

function handlerOf(name: FunctionName, context: Context, telemetry: Telemetry): Handler {
  switch (name) {
    case "countTerms":
      return createCountTerms(context, telemetry);
    case "rollUpTerms":
    case "expire":
      // On Lambda one function does both.
      return createRollUpTerms(context, telemetry);
    default: {
      const run = createApiFunction(createHttpHandler(context, { [name]: allAnswers[name] }), telemetry);
      return (event, invocation) => run(event as GatewayEvent, invocation);
    }
  }
}

/** An answer is whole there before it is sent, so that a stream must end. */
function asOnLambda(context: Context): Context {
  return { ...context, settings: { ...context.settings, finiteStreams: true } };
}
