import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as formats from "ajv-formats";
import { createEventStreamParser } from "#client/event-stream.ts";
import type { Answer } from "../harness.ts";
import { type OpenApi, responseChecker } from "../response-checker.ts";
import type { Document } from "./document.ts";
import type { Plan } from "./plans.ts";
import type { Rendered } from "./render.ts";

/** Refusals of requests that the description allows: rules that JSON Schema cannot say. */
const finerRules: Readonly<Record<string, readonly RegExp[]>> = {
  registerPublisher: [/^body\.topics/],
  registerSubscriber: [/^body\.from/, /^body\.topics/],
  seekSubscriber: [/^body\.from/],
  putTopic: [/^body\.retentionSeconds/, /^body\.terms\.(languages|hidden)/],
  publish: [/key$/],
  subscribe: [/^query\.after/],
  browseMessages: [/^query/],
  getTopicActivity: [/^query\.(from|to)/],
  invokeFunction: [/^body/],
  listTableItems: [/^query\.after/],
  getMessage: [/^path\.messageId/],
  getPopularTerms: [/^query/],
  rebuildTerms: [/^body/],
};

/** Holds answers to the description; throws what is wrong with one. A service under low limits may be full: 503. */
export function createOracle(
  document: Document,
  { mayBeFull }: { readonly mayBeFull: boolean },
): (plan: Plan, rendered: Rendered, answer: Answer) => void {
  const check = responseChecker(document as unknown as OpenApi);
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  (formats.default as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema(document, "openapi");
  const conforms = (pointer: string[], value: unknown): boolean => {
    const path = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    return ajv.getSchema(`openapi#/${path}`)!(value) as boolean;
  };

  return (plan, { request, json }, answer) => {
    const { operation, body, twists, isValid } = plan;
    const what = `${request.method} ${request.target.slice(0, 200)} -> ${answer.status} ${answer.text.slice(0, 300)}`;
    const isFull = mayBeFull && saysFull(request.method, answer);
    assert.ok(answer.status < 500 || isFull, `a fault: ${what}`);
    // node:http leaves spaces around a target out.
    check(request.method, request.target.trim(), answer);
    if (answer.headers["content-type"] === "text/event-stream") checkStream(answer.text, conforms, what);
    if (twists.length > 0) return;
    if (body?.type === "application/json" && answer.status < 300) {
      const pointer = [
        "paths",
        operation.path,
        operation.method.toLowerCase(),
        "requestBody",
        "content",
        body.type,
        "schema",
      ];
      assert.ok(conforms(pointer, JSON.parse(JSON.stringify(json))), `taken against the description: ${what}`);
    }
    if (isValid) checkRefusal(operation.id, answer, what);
  };
}

/** The code stands in the body, which an answer to HEAD has not: there the status and when to come again say it. */
function saysFull(method: string, { status, headers, json }: Answer): boolean {
  if (method === "HEAD") return status === 503 && headers["retry-after"] !== undefined;
  return json?.code === "unavailable";
}

/** A valid request is refused for its rights, for what is not there, or by a finer rule; never for its form. */
function checkRefusal(operation: string, { status, json }: Answer, what: string): void {
  if (status !== 400 || json === undefined || json.code !== "invalid_request") return;
  for (const { path } of json.errors ?? [])
    assert.ok(
      finerRules[operation]?.some((rule) => rule.test(path)),
      `refused against the description: ${what}`,
    );
}

const schemaOf: Readonly<Record<string, string>> = {
  message: "MessageEvent",
  discontinuity: "DiscontinuityEvent",
  terms: "TermsEvent",
};

function checkStream(text: string, conforms: (pointer: string[], value: unknown) => boolean, what: string): void {
  assert.match(text, /^retry: \d+\n\n/, what);
  const whole = text.slice(0, text.lastIndexOf("\n\n") + 2);
  for (const { event, data } of createEventStreamParser().push(Buffer.from(whole))) {
    const name = schemaOf[event];
    assert.ok(name && conforms(["components", "schemas", name], JSON.parse(data)), `event ${event} ${data}: ${what}`);
  }
}
