import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import type { Invocation } from "./invocation.ts";
import type { metricNames, Telemetry } from "./telemetry.ts";

/** A call in payload 2.0, as an HTTP API makes it of a request. */
export function event2(
  method: string,
  path: string,
  more: Partial<APIGatewayProxyEventV2> = {},
): APIGatewayProxyEventV2 {
  const [rawPath, rawQueryString = ""] = path.split("?");
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: rawPath!,
    rawQueryString,
    headers: {},
    isBase64Encoded: false,
    requestContext: { stage: "$default", http: { method, path: rawPath! } } as APIGatewayProxyEventV2["requestContext"],
    ...more,
  };
}

/** A call in payload 1.0, with the fields of the console's proxy test event. */
export function event1(method: string, path: string, more: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent {
  return {
    resource: "/{proxy+}",
    path,
    httpMethod: method,
    headers: {},
    multiValueHeaders: {},
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { stage: "prod", path: `/prod${path}` } as APIGatewayProxyEvent["requestContext"],
    ...more,
  };
}

/** An invocation with this much time left, always. */
export function invocation(remainingMs = 30_000): Invocation {
  return { awsRequestId: "request", functionName: "function", getRemainingTimeInMillis: () => remainingMs };
}

/** Telemetry that keeps what it is told. */
export interface FakeTelemetry extends Telemetry {
  readonly failures: { work: string; error: unknown }[];
  readonly measures: [keyof typeof metricNames, number][];
}

export function fakeTelemetry(): FakeTelemetry {
  const failures: FakeTelemetry["failures"] = [];
  const measures: FakeTelemetry["measures"] = [];
  return {
    failures,
    measures,
    invoked: (_invocation, run) => run(),
    answered({ cause, operation = "none" }) {
      if (cause !== undefined) failures.push({ work: operation, error: cause });
    },
    failed: (work, error) => failures.push({ work, error }),
    measured: (name, value) => measures.push([name, value]),
  };
}
