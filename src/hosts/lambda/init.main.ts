import type { OperationName } from "#contract/operations.ts";
import type { Context } from "#functions/context.ts";
import type { Answer } from "../call.ts";
import { createHttpHandler } from "../http.ts";
import { createContext } from "../node-context.ts";
import { type ApiFunction, createApiFunction } from "./api-function.ts";
import { createTelemetry } from "./powertools.ts";
import { readLambdaSettings } from "./settings.ts";
import { openStore } from "./store.main.ts";
import type { Telemetry } from "./telemetry.ts";

/** What an environment builds once, before its first event: nothing else outlives an invocation. */
export interface Initialised {
  readonly context: Context;
  readonly telemetry: Telemetry;
}

/** Reads the settings and opens the store. Throws SettingError, which Lambda shows as a failed init. */
export function initialise(): Initialised {
  const settings = readLambdaSettings(process.env);
  const telemetry = createTelemetry(process.env.AWS_LAMBDA_FUNCTION_NAME ?? "bellwether", settings.logLevel);
  return { context: createContext(openStore(settings, telemetry), settings), telemetry };
}

/** The function of one operation. */
export function apiFunction(name: OperationName, answer: Answer): ApiFunction {
  const { context, telemetry } = initialise();
  return createApiFunction(createHttpHandler(context, { [name]: answer }), telemetry);
}
