import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createOpenApi } from "#contract/openapi.ts";
import { operationNames, operations } from "#contract/operations.ts";
import { version } from "#hosts/version.ts";
import { type Answer, startService, type TestService } from "./harness.ts";
import { type OpenApi, responseChecker } from "./response-checker.ts";

const openApi = createOpenApi(version) as unknown as OpenApi;

describe("openapi.json", () => {
  test("is valid OpenAPI 3.1 for a validator that is not ours", async () => {
    const result = await new Validator().validate(structuredClone(createOpenApi(version)));
    assert.deepEqual(result.errors ?? [], []);
    assert.equal(result.valid, true);
  });

  test("describes every operation of the table under its name, method and path, and no other", () => {
    const described = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
    );
    const expected = operationNames.map(
      (name) => `${name} ${operations[name].method.toLowerCase()} ${operations[name].path}`,
    );
    assert.deepEqual(new Set(described.filter((each) => each.includes("/v1/"))), new Set(expected));
  });

  test("leaves no reference without its target", () => {
    const references = [...new Set(JSON.stringify(openApi).match(/"\$ref":"([^"]+)"/g))].map((each) =>
      each.slice(8, -1),
    );
    for (const reference of references) {
      const target = reference
        .slice(2)
        .split("/")
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], openApi);
      assert.notEqual(target, undefined, reference);
    }
  });
});

describe("the check of answers", () => {
  let service: TestService;
  let answer: Answer;
  const path = "/v1/publishers";
  before(async () => {
    service = await startService();
    answer = await service.call("POST", path, { json: { name: "a", topics: ["t"] } });
  });
  after(() => service.close());

  test("takes what the service gave", () => responseChecker(openApi)("POST", path, answer));

  const { token: _, ...withoutToken } = { token: "", publisherId: "abc", name: "a", topics: ["t"] };
  const mutations: Record<string, (answer: Answer) => Answer> = {
    "a status that is not described": (a) => ({ ...a, status: 200 }),
    "a field that is missing": (a) => ({ ...a, json: withoutToken }),
    "a field of another type": (a) => ({ ...a, json: { ...a.json, topics: "t" } }),
    "a time that is none": (a) => ({ ...a, json: { ...a.json, createdAt: "yesterday" } }),
    "another content type": (a) => ({ ...a, headers: { ...a.headers, "content-type": "text/html" } }),
    "no newline at the end": (a) => ({ ...a, text: a.text.trimEnd() }),
    "an answer that may be cached": (a) => ({ ...a, headers: { ...a.headers, "cache-control": "public" } }),
    "an error that is no problem": (a) => ({ ...a, status: 400 }),
  };
  for (const [what, mutate] of Object.entries(mutations)) {
    test(`refuses ${what}`, () => {
      assert.throws(() => responseChecker(openApi)("POST", path, mutate(answer)), assert.AssertionError);
    });
  }

  test("refuses a problem with another status than the answer's, or a code that is not on the list", async () => {
    const problem = await service.call("GET", "/v1/nothing");
    for (const change of [{ status: 400 }, { code: "strange" }]) {
      const mutated = { ...problem, json: { ...problem.json, ...change } };
      assert.throws(() => responseChecker(openApi)("GET", "/v1/nothing", mutated), assert.AssertionError);
    }
  });
});
