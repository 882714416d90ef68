import { CfnOutput, Fn, RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  type CfnApi,
  HttpApi,
  HttpIntegrationType,
  HttpRoute,
  HttpRouteIntegration,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from "aws-cdk-lib/aws-apigatewayv2";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { functionSpecs } from "./function-specs.ts";
import type { Parameters } from "./parameters.ts";
import { pascalCase } from "./tables.ts";

/** The HTTP API with a route for each method and path, throttled and logged; what no route takes goes to `$default`. */
export function createApi(
  scope: Construct,
  functions: ReadonlyMap<string, LambdaFunction>,
  parameters: Parameters,
): { api: HttpApi; stage: HttpStage } {
  const api = new HttpApi(scope, "Api", { apiName: "bellwether", createDefaultStage: false });
  allowOrigins(api, parameters);
  for (const { name, routes } of functionSpecs) {
    if (routes.length > 0) connect(scope, api, name, routes, functions.get(name)!);
  }
  const stage = new HttpStage(scope, "Stage", {
    httpApi: api,
    stageName: "$default",
    autoDeploy: true,
    throttle: { rateLimit: parameters.callsPerSecond, burstLimit: parameters.callsBurst },
    accessLogSettings: { destination: new LogGroupLogDestination(accessLog(scope)), format: accessLogFormat },
  });
  new CfnOutput(scope, "Url", {
    value: Fn.join("", [api.apiEndpoint, "/"]),
    description: "Where the service answers.",
  });
  return { api, stage };
}

/** The path without its query, in which a stream token may stand, and no header. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: "$context.requestId",
    time: "$context.requestTime",
    routeKey: "$context.routeKey",
    path: "$context.path",
    status: "$context.status",
    responseBytes: "$context.responseLength",
    latencyMs: "$context.responseLatency",
    functionLatencyMs: "$context.integration.latency",
    error: "$context.integrationErrorMessage",
  }),
);

function accessLog(scope: Construct): LogGroup {
  return new LogGroup(scope, "LogAccess", {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

function connect(
  scope: Construct,
  api: HttpApi,
  name: string,
  routes: readonly string[],
  target: LambdaFunction,
): void {
  const integration = new FunctionIntegration(pascalCase(name), target);
  for (const route of routes) {
    const [method, path] = route.split(" ");
    const routeKey = path ? HttpRouteKey.with(path, method as never) : HttpRouteKey.DEFAULT;
    const id = path ? pascalCase(`${method} ${path}`) : "Default";
    new HttpRoute(scope, `Route${id}`, { httpApi: api, routeKey, integration });
  }
  // One permission a function: the library's own integration makes one a route.
  target.addPermission("Api", {
    principal: new ServicePrincipal("apigateway.amazonaws.com"),
    sourceArn: api.arnForExecuteApi("*", "/*", "*"),
  });
}

class FunctionIntegration extends HttpRouteIntegration {
  readonly #target: LambdaFunction;

  constructor(id: string, target: LambdaFunction) {
    super(id);
    this.#target = target;
  }

  override bind(): ReturnType<HttpRouteIntegration["bind"]> {
    return {
      type: HttpIntegrationType.AWS_PROXY,
      uri: this.#target.functionArn,
      payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
    };
  }
}

/** With origins given, the API answers preflights and adds the headers itself; with none it has no CORS at all. */
function allowOrigins(api: HttpApi, { corsOrigins, hasCorsOrigins }: Parameters): void {
  (api.node.defaultChild as CfnApi).addPropertyOverride(
    "CorsConfiguration",
    Fn.conditionIf(
      hasCorsOrigins.logicalId,
      {
        AllowOrigins: corsOrigins,
        AllowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
        AllowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
        ExposeHeaders: ["Location", "Retry-After", "Idempotent-Replayed"],
        MaxAge: 600,
      },
      { Ref: "AWS::NoValue" },
    ),
  );
}
