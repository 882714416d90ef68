import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import * as formats from "ajv-formats";
import type { Answer } from "./harness.ts";

interface Described {
  readonly content?: Readonly<Record<string, unknown>>;
  readonly $ref?: string;
}

/** What any request can be answered with, described or not: refused before it is known to be a call, or by a full service. */
const anywhere: ReadonlySet<number> = new Set([400, 403, 405, 408, 431, 500, 503]);

interface DescribedOperation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Described>>;
}

/** As much of an OpenAPI description as the checks read. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

/** A check of answers against an OpenAPI description: documented status, content type, schema, and what holds for every answer. */
export function responseChecker(openApi: OpenApi): (method: string, path: string, answer: Answer) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  (formats.default as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema(openApi, "openapi");
  const problemRef = "/components/schemas/Problem";
  const templates = Object.keys(openApi.paths).map((path) => ({
    path,
    pattern: new RegExp(
      `^${path
        .split("/")
        .map((part) => (part.startsWith("{") ? "[^/]+" : part.replace(/[.]/g, "\\.")))
        .join("/")}$`,
    ),
  }));

  const conforms = (pointer: string, value: unknown, what: string): void => {
    const validate = ajv.getSchema(`openapi#${pointer}`) as ValidateFunction;
    assert.ok(validate, `${what}: no schema at ${pointer}`);
    assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 500)}`);
  };

  return (method, target, answer) => {
    const what = `${method} ${target.slice(0, 100)} -> ${answer.status}`;
    const [mediaType] = (answer.headers["content-type"] ?? "").split(";");
    assert.equal(answer.headers["transfer-encoding"] === undefined || answer.status === 200, true, what);
    if (answer.text !== "") {
      assert.equal(answer.headers["x-content-type-options"], "nosniff", what);
      // The console's page holds nothing of anybody; it is asked for anew whether it has changed.
      assert.equal(answer.headers["cache-control"], mediaType === "text/html" ? "no-cache" : "no-store", what);
      if (mediaType!.endsWith("json")) assert.ok(answer.text.endsWith("\n"), `${what}: ends without a newline`);
    }
    if (answer.status >= 400) {
      assert.equal(mediaType, "application/problem+json", what);
      if (method !== "HEAD") {
        conforms(problemRef, answer.json, what);
        assert.equal(answer.json.status, answer.status, `${what}: status of the problem`);
        assert.equal(answer.json.type, `urn:bellwether:error:${answer.json.code}`, what);
        if (answer.status === 413) assert.ok(answer.json.actualBytes > answer.json.limitBytes, what);
        if (answer.json.code === "invalid_request") assert.ok(answer.json.detail.length > 0, what);
      }
      assert.equal(
        answer.headers["retry-after"] !== undefined,
        [429, 503].includes(answer.status) || retried(answer),
        what,
      );
      assert.equal(answer.headers.allow !== undefined, answer.status === 405, what);
      assert.equal(answer.headers["www-authenticate"] !== undefined, answer.status === 401, what);
    }
    const path = target.split("?", 1)[0]!;
    const template = templates.find(({ pattern }) => pattern.test(path));
    if (answer.status >= 400) {
      const described = template && openApi.paths[template.path]![methodOf(method)];
      if (described && !anywhere.has(answer.status))
        assert.ok(described.responses[answer.status], `${what}: the status is not described`);
      return;
    }
    assert.ok(template, `${what}: the path is not described`);
    if (method === "OPTIONS") {
      assert.equal(answer.status, 204, what);
      assert.ok(answer.headers.allow, `${what}: no Allow`);
      return;
    }
    const verb = methodOf(method);
    const response = openApi.paths[template.path]?.[verb]?.responses[answer.status];
    assert.ok(response, `${what}: the status is not described`);
    if (method === "HEAD" || response.content === undefined) {
      assert.equal(answer.text, "", `${what}: a body that is not described`);
      return;
    }
    assert.ok(mediaType! in response.content, `${what}: content type ${mediaType} is not described`);
    if (mediaType !== "application/json") return;
    const pointer = ["paths", template.path, verb, "responses", answer.status, "content", mediaType, "schema"]
      .map((part) => encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    conforms(`/${pointer}`, answer.json, what);
  };
}

function methodOf(method: string): string {
  return method === "HEAD" ? "get" : method.toLowerCase();
}

/** A problem that says itself when to come back. */
function retried(answer: Answer): boolean {
  return answer.json?.retryAfterSeconds !== undefined;
}
