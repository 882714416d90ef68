import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";
import { type OperationName, operationNames, operations } from "#contract/operations.ts";

/** What a path and method ask for. */
export interface Route {
  readonly name: OperationName;
  /** The path's parameters, decoded. Throws `invalid_request` for one that cannot be. */
  params(): Record<string, string>;
}

interface Pattern {
  readonly segments: readonly string[];
  readonly byMethod: Map<string, OperationName>;
}

const patterns: readonly Pattern[] = [...Map.groupBy(operationNames, (name) => operations[name].path)].map(
  ([path, names]) => ({
    segments: path.slice(1).split("/"),
    byMethod: new Map(names.map((name) => [operations[name].method, name])),
  }),
);

/** Finds the operation of a call. HEAD stands for GET. Throws `route_not_found`, `method_not_allowed`, `invalid_request`. */
export function route(method: string, path: string): Route {
  if (path.length > limits.pathBytesMax) throw invalidPath(`is longer than ${limits.pathBytesMax} characters`);
  const segments = path.slice(1).split("/");
  const pattern = patterns.find((each) => matches(each.segments, segments));
  if (!pattern)
    throw new BellwetherError(
      "route_not_found",
      `There is nothing at ${path.slice(0, 200)}. /openapi.json lists what there is.`,
    );
  const name = pattern.byMethod.get(method === "HEAD" ? "GET" : method);
  if (!name) {
    const allow = allowedMethods(pattern);
    throw new BellwetherError("method_not_allowed", `${method} is not taken here; ${allow.join(", ")} are.`, { allow });
  }
  return { name, params: () => paramsOf(pattern, segments) };
}

function paramsOf(pattern: Pattern, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  pattern.segments.forEach((segment, i) => {
    if (segment.startsWith("{")) params[segment.slice(1, -1)] = decode(segments[i]!);
  });
  return params;
}

/** The methods that a path takes, or undefined when there is nothing at it. */
export function methodsAt(path: string): string[] | undefined {
  const segments = path.slice(1).split("/");
  const pattern = patterns.find((each) => matches(each.segments, segments));
  return pattern && allowedMethods(pattern);
}

function allowedMethods({ byMethod }: Pattern): string[] {
  const methods = [...byMethod.keys()];
  return [...(methods.includes("GET") ? ["HEAD"] : []), ...methods, "OPTIONS"];
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((segment, i) => (segment.startsWith("{") ? segments[i] !== "" : segment === segments[i]))
  );
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidPath("holds a percent sign that is no encoding");
  }
}

function invalidPath(message: string): BellwetherError {
  return new BellwetherError("invalid_request", `The path ${message}.`, { errors: [{ path: "path", message }] });
}
