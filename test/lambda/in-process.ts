import type { Server } from "node:http";
import { operationNames } from "#contract/operations.ts";
import type { Context } from "#functions/context.ts";
import { allAnswers } from "#hosts/answers.ts";
import { createHttpHandler } from "#hosts/http.ts";
import { type ApiFunction, createApiFunction } from "#hosts/lambda/api-function.ts";
import { createDescribeService } from "#hosts/lambda/describe-service.ts";
import type { Telemetry } from "#hosts/lambda/telemetry.ts";
import { checkOrigin } from "#hosts/local/origins.ts";
import type { LocalSettings } from "#hosts/local/settings.ts";
import { createGateway } from "./gateway.ts";
import { operationRoutes } from "./routes.ts";
import type { Outcome } from "./runtime-api.ts";

/** The Lambda functions in this process behind the emulated gateway: all of the host but its processes. */
export function createInProcessGateway(
  context: Context,
  settings: LocalSettings,
  logFault: (error: unknown) => void,
): Server {
  const telemetry: Telemetry = {
    invoked: (_invocation, run) => run(),
    answered: ({ cause }) => cause !== undefined && logFault(cause),
    failed: (_work, error) => logFault(error),
    measured: () => {},
  };
  const functions = Object.fromEntries(
    operationNames.map((name) => [
      name,
      createApiFunction(createHttpHandler(context, { [name]: allAnswers[name] }), telemetry),
    ]),
  );
  const describeService = createApiFunction(createDescribeService(createHttpHandler(context, {})), telemetry);
  return createGateway({
    routes: operationRoutes((name, event) => invoke(functions[name]!, event)),
    otherwise: (event) => invoke(describeService, event),
    admit: (host, origin) => checkOrigin(settings, host, origin),
  });
}

/** Through JSON both ways, as between processes. */
async function invoke(run: ApiFunction, event: unknown): Promise<Outcome> {
  const deadlineMs = Date.now() + 10_000;
  const result = await run(JSON.parse(JSON.stringify(event)), {
    awsRequestId: "in-process",
    functionName: "in-process",
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  });
  return { kind: "response", payload: JSON.stringify(result) };
}
