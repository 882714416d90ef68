import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { type OperationName, operationNames, operations } from "#contract/operations.ts";
import type { GatewayRoute } from "./gateway.ts";
import type { Outcome } from "./runtime-api.ts";

/** The routes of the table of operations, HEAD beside each GET, as infra draws them. */
export function operationRoutes(
  invoke: (name: OperationName, event: APIGatewayProxyEventV2) => Promise<Outcome>,
): GatewayRoute[] {
  return operationNames.flatMap((name) => {
    const { method, path } = operations[name];
    const methods = method === "GET" ? [method, "HEAD"] : [method];
    return methods.map((each) => ({
      method: each,
      path,
      invoke: (event: APIGatewayProxyEventV2) => invoke(name, event),
    }));
  });
}
