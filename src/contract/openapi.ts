import * as z from "zod/mini";
import { errorCodes } from "./errors.ts";
import { type Operation, type OperationName, operationNames, operations } from "./operations.ts";
import { requestSchemas } from "./request-schemas.ts";
import { answerSchemas, problem, publishBodies, streamEvents } from "./schemas.ts";
import { summaries } from "./summaries.ts";

type Part = Record<string, unknown>;

/** The OpenAPI 3.1 description of the service, drawn from the operations table and the schemas that validate. */
export function createOpenApi(version: string): Part {
  const paths: Record<string, Part> = {};
  for (const name of operationNames) {
    const operation: Operation = operations[name];
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describe(name, operation) };
  }
  for (const [path, { summary, type }] of Object.entries(hostRoutes)) {
    const content = { [type]: { schema: type === "application/json" ? { type: "object" } : { type: "string" } } };
    paths[path] = {
      get: {
        operationId: path === "/" ? "console" : path.slice(1).replace(/\W/g, "_"),
        summary,
        security: [],
        responses: {
          200: { description: summary, content },
          // To whoever takes no HTML it is a path like any other.
          ...(path === "/" && Object.fromEntries([404, 429, 503].map((status) => [status, problemResponse]))),
        },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Bellwether",
      version,
      summary: "Durable publish/subscribe over plain HTTP, which also says what everyone is talking about.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, {}],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A publisher's or subscriber's token, or the admin key.",
        },
      },
      responses: {
        Problem: {
          description: `An error as problem details. Codes: ${Object.keys(errorCodes).join(", ")}.`,
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      schemas: {
        Json: { description: "Any JSON value." },
        Problem: toJsonSchema(problem, "output"),
        MessageEvent: toJsonSchema(streamEvents.message, "output"),
        DiscontinuityEvent: toJsonSchema(streamEvents.discontinuity, "output"),
        TermsEvent: toJsonSchema(streamEvents.terms, "output"),
      },
    },
  };
}

const problemResponse = { $ref: "#/components/responses/Problem" };

const hostRoutes: Record<string, { summary: string; type: string }> = {
  "/healthz": { summary: "Whether the service can answer.", type: "application/json" },
  "/metrics": { summary: "Measurements for Prometheus.", type: "text/plain" },
  "/": { summary: "The console, for browsers (to whoever takes text/html).", type: "text/html" },
  "/openapi.json": { summary: "This description.", type: "application/json" },
};

function describe(name: OperationName, operation: Operation): Part {
  const { params, query, body } = requestSchemas[name];
  const requestBody = bodyOf(name, body);
  return {
    operationId: name,
    summary: summaries[name],
    tags: [operation.path.split("/")[2]],
    parameters: [...parameters("path", params), ...parameters("query", query), ...headers(name, operation)],
    ...(requestBody && { requestBody }),
    responses: {
      [operation.status]: success(name, operation, answerSchemas[name]),
      ...Object.fromEntries(refusalsOf(name, operation).map((status) => [status, problemResponse])),
      default: problemResponse,
    },
  };
}

/**
 * The statuses of refusals that a caller can bring about, by what the operation takes. What can be wrong with any request,
 * before it is known to be a call, or with the service itself (405, 408, 431, 500, 503), is under `default`.
 */
function refusalsOf(name: OperationName, operation: Operation): number[] {
  const { query, body } = requestSchemas[name];
  const { properties = {} } = toJsonSchema(query, "output") as { properties?: Part };
  const takesBody = body !== undefined || name === "publish";
  const names = operation.path.includes("{") || "topic" in properties || name === "rebuildTerms";
  return [
    400,
    401,
    403,
    ...(names ? [404] : []),
    406,
    ...(conflicting.has(name) ? [409] : []),
    ...(takesBody ? [413, 415] : []),
    ...(operation.idempotent ? [422] : []),
    429,
  ];
}

/** Operations that what is there already can stand against. */
const conflicting: ReadonlySet<OperationName> = new Set([
  "registerPublisher",
  "putPublisherTopics",
  "registerSubscriber",
  "subscribe",
  "commitCursor",
  "putTopic",
  "rebuildTerms",
]);

const messageEvents =
  "Events `message` (MessageEvent) and `discontinuity` (DiscontinuityEvent); `id:` is the cursor after each.";
const termsEvents =
  "An event `terms` (TermsEvent) at once, and again whenever its messages or terms change, at most once a second.";

function success(name: OperationName, operation: Operation, answer: z.ZodMiniType | undefined): Part {
  const content: Part = {};
  if (answer) content["application/json"] = { schema: toJsonSchema(answer, "output") };
  if (operation.stream)
    content["text/event-stream"] = {
      schema: { type: "string", description: name === "getPopularTerms" ? termsEvents : messageEvents },
    };
  return { description: summaries[name], ...(Object.keys(content).length > 0 && { content }) };
}

function bodyOf(name: OperationName, body: z.ZodMiniType | undefined): Part | undefined {
  if (name === "publish") {
    const one = toJsonSchema(publishBodies.message, "input");
    return {
      required: true,
      content: {
        "application/json": { schema: { anyOf: [one, toJsonSchema(publishBodies.batch, "input")] } },
        "application/x-ndjson": { schema: { type: "string", description: "A message a line." } },
        "text/plain": { schema: { type: "string", description: "The body of one message." } },
      },
    };
  }
  return (
    body && { required: name !== "putTopic", content: { "application/json": { schema: toJsonSchema(body, "input") } } }
  );
}

function headers(name: OperationName, operation: Operation): Part[] {
  const text = { schema: { type: "string" } };
  return [
    ...(operation.idempotent
      ? [
          {
            in: "header",
            name: "Idempotency-Key",
            description: "Makes a repeat within 24 h safe; 1..255 printable ASCII characters.",
            ...text,
          },
        ]
      : []),
    ...(operation.stream && name !== "getPopularTerms"
      ? [{ in: "header", name: "Last-Event-ID", description: "The cursor to resume an event stream from.", ...text }]
      : []),
  ];
}

function parameters(place: "path" | "query", schema: z.ZodMiniType): Part[] {
  const { properties = {}, required = [] } = toJsonSchema(schema, "output") as {
    properties?: Record<string, Part>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, each]) => ({
    in: place,
    name,
    required: place === "path" || required.includes(name),
    schema: each,
  }));
}

/** zod puts "any JSON value" under `$defs` of each schema, where a reference within this document does not lead. */
function toJsonSchema(schema: z.ZodMiniType, io: "input" | "output"): Part {
  const { $schema: _, $defs: __, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" });
  return JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/__schema0"', '"#/components/schemas/Json"')) as Part;
}
