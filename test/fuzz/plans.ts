import fc from "fast-check";
import type { Described, Parameter } from "./document.ts";
import { type Twist, twist } from "./twists.ts";
import { almostValid, hostile, valid } from "./values.ts";

/** Whose token a request carries. `fitting`: of the one that may. */
export type Who = "fitting" | "admin" | "publisher" | "subscriber" | "nobody" | "spoiled" | "garbage";

/** A request before it meets the service: what is not known yet stands there as `Known`. */
export interface Plan {
  readonly operation: Described;
  readonly who: Who;
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: readonly (readonly [string, unknown])[];
  readonly headers: readonly (readonly [string, unknown])[];
  readonly body?: { readonly type: string; readonly value: unknown };
  readonly stream: boolean;
  readonly twists: readonly Twist[];
  /** Everything in it is as the description allows. */
  readonly isValid: boolean;
}

/** Deletions are rare, or nothing would live long enough to be used. */
const weights: Readonly<Record<string, number>> = {
  publish: 50,
  registerPublisher: 15,
  registerSubscriber: 15,
  subscribe: 20,
  browseMessages: 20,
  deleteTopic: 1,
  deletePublisher: 2,
  deleteSubscriber: 2,
  openapi_json: 1,
  metrics: 1,
};

/** Requests for the operations of a document: half of them valid, the others a little or wholly wrong. */
export function plans(operations: readonly Described[]): fc.Arbitrary<Plan> {
  return fc.oneof(...operations.map((each) => ({ weight: weights[each.id] ?? 10, arbitrary: planFor(each) })));
}

function planFor(operation: Described): fc.Arbitrary<Plan> {
  return fc.oneof(
    { weight: 5, arbitrary: parts(operation, valid, fc.constant([])).map((plan) => ({ ...plan, isValid: true })) },
    { weight: 3, arbitrary: parts(operation, almostValid, fc.constant([])) },
    { weight: 3, arbitrary: parts(operation, valid, fc.array(twist, { minLength: 1, maxLength: 2 })) },
    { weight: 1, arbitrary: parts(operation, () => hostile, fc.array(twist, { maxLength: 3 })) },
  );
}

type Values = typeof valid;

function parts(operation: Described, values: Values, twists: fc.Arbitrary<readonly Twist[]>): fc.Arbitrary<Plan> {
  const place = (where: Parameter["in"]): Parameter[] => operation.parameters.filter((each) => each.in === where);
  // Names in a path are mostly right, or nothing behind them would be reached.
  const mostly = (each: Parameter): fc.Arbitrary<unknown> =>
    fc.oneof(
      { weight: 6, arbitrary: valid(each.schema, each.name) },
      { weight: 1, arbitrary: values(each.schema, each.name) },
    );
  const some = (each: Parameter): fc.Arbitrary<readonly [string, unknown] | undefined> =>
    fc.option(
      values(each.schema, each.name).map((value) => [each.name, value] as const),
      { nil: undefined, freq: 2 },
    );
  return fc.record({
    operation: fc.constant(operation),
    who,
    path: fc.record(Object.fromEntries(place("path").map((each) => [each.name, mostly(each)]))),
    query: fc.tuple(...place("query").map(some)).map(present),
    headers: fc.tuple(...place("header").map(some)).map(present),
    body: bodyOf(operation, values),
    stream: operation.isStream ? fc.boolean() : fc.constant(false),
    twists,
    isValid: fc.constant(false),
  }) as fc.Arbitrary<Plan>;
}

const who: fc.Arbitrary<Who> = fc.oneof(
  { weight: 12, arbitrary: fc.constant("fitting" as const) },
  { weight: 4, arbitrary: fc.constant("admin" as const) },
  { weight: 4, arbitrary: fc.constantFrom("publisher", "subscriber", "nobody", "spoiled", "garbage") },
);

function bodyOf({ bodies }: Described, values: Values): fc.Arbitrary<Plan["body"]> {
  const kinds = Object.entries(bodies).map(([type, schema]) => ({
    weight: type === "application/json" ? 4 : 1,
    arbitrary: (type.includes("ndjson")
      ? fc.array(values(bodies["application/json"]!.anyOf?.[0] ?? schema, "body"), { minLength: 1, maxLength: 4 })
      : values(schema, "body")
    ).map((value) => ({ type, value })),
  }));
  return kinds.length > 0 ? fc.oneof(...kinds) : fc.constant(undefined);
}

function present<T>(each: readonly (T | undefined)[]): T[] {
  return each.filter((one) => one !== undefined);
}
