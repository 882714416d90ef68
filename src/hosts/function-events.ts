import { type ExampleCall, exampleCall, type KnownNames } from "#contract/examples.ts";
import { type FunctionName, type Operation, type OperationName, operations } from "#contract/operations.ts";
import type { FunctionEvent, Json } from "#contract/types.ts";

/** Events as AWS would bring them to a function, with an example call of its operation inside. */
export function functionEvents(name: FunctionName, known: KnownNames): FunctionEvent[] {
  switch (name) {
    case "countTerms":
      return [{ name: "DynamoDB stream", event: streamEvent(known) }];
    case "rollUpTerms":
    case "expire":
      return [{ name: "EventBridge schedule", event: scheduledEvent(name, known) }];
    default:
      return gatewayEvents(name, exampleCall(name, known), known);
  }
}

const host = "bellwether.execute-api.eu-central-1.amazonaws.com";
const requestId = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef";
const account = "123456789012";
const sourceIp = "192.0.2.10";
const userAgent = "Bellwether console";

function gatewayEvents(
  name: OperationName,
  { params = {}, query, body }: ExampleCall,
  { now }: KnownNames,
): FunctionEvent[] {
  const { method, path: pattern }: Operation = operations[name];
  const path = pattern.replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(params[param]!));
  const headers: Record<string, string> = {
    accept: "application/json",
    authorization: "Bearer TOKEN",
    host,
    "user-agent": userAgent,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const text = body === undefined ? null : JSON.stringify(body);
  const pathParameters = Object.keys(params).length > 0 ? params : null;
  const timeMs = Date.parse(now);
  const version2: Json = {
    version: "2.0",
    routeKey: `${method} ${pattern}`,
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers,
    ...(query && { queryStringParameters: query }),
    ...(pathParameters && { pathParameters }),
    requestContext: {
      accountId: account,
      apiId: "bellwether",
      domainName: host,
      domainPrefix: "bellwether",
      http: { method, path, protocol: "HTTP/1.1", sourceIp, userAgent },
      requestId,
      routeKey: `${method} ${pattern}`,
      stage: "$default",
      time: now,
      timeEpoch: timeMs,
    },
    ...(text !== null && { body: text }),
    isBase64Encoded: false,
  };
  const several = (values: Readonly<Record<string, string>>): Record<string, string[]> =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [value]]));
  const version1: Json = {
    version: "1.0",
    resource: pattern,
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: several(headers),
    queryStringParameters: query ?? null,
    multiValueQueryStringParameters: query ? several(query) : null,
    pathParameters,
    stageVariables: null,
    requestContext: {
      accountId: account,
      apiId: "bellwether",
      domainName: host,
      httpMethod: method,
      identity: { sourceIp, userAgent },
      path,
      protocol: "HTTP/1.1",
      requestId,
      requestTimeEpoch: timeMs,
      resourcePath: pattern,
      stage: "$default",
    },
    body: text,
    isBase64Encoded: false,
  };
  return [
    { name: "API Gateway, payload 2.0", event: version2 },
    { name: "API Gateway, payload 1.0", event: version1 },
  ];
}

/** Counting is only woken by it: what is counted follows from what is stored. */
function streamEvent({ now, topic = "news" }: KnownNames): Json {
  const seconds = Math.floor(Date.parse(now) / 1000);
  return {
    Records: [
      {
        eventID: "7de3041dd709b024af6f29e4fa13d34c",
        eventName: "INSERT",
        eventVersion: "1.1",
        eventSource: "aws:dynamodb",
        awsRegion: "eu-central-1",
        dynamodb: {
          ApproximateCreationDateTime: seconds,
          Keys: { pk: { S: `${topic}#0#0` }, ticket: { N: "0" } },
          SequenceNumber: "4421584500000000017450439091",
          SizeBytes: 26,
          StreamViewType: "KEYS_ONLY",
        },
        eventSourceARN: `arn:aws:dynamodb:eu-central-1:${account}:table/bellwether-entries/stream/2026-01-01T00:00:00.000`,
      },
    ],
  };
}

function scheduledEvent(name: string, { now }: KnownNames): Json {
  return {
    version: "0",
    id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account,
    time: now,
    region: "eu-central-1",
    resources: [`arn:aws:events:eu-central-1:${account}:rule/bellwether-${name}`],
    detail: {},
  };
}
