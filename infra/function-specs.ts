import { type OperationName, operationNames, operations } from "../src/contract/operations.ts";

/** A function as it is deployed. What it may do of the tables stands in `src/hosts/lambda/grants.main.ts`. */
export interface FunctionSpec {
  readonly name: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** The routes that call it, as `GET /v1/topics`. */
  readonly routes: readonly string[];
}

/** Above the longest wait (2 s) with a retry or two of DynamoDB, below the 30 s of API Gateway. */
const apiTimeoutSeconds = 10;

/** Every function, drawn from the table of operations: one each, and the three that no operation's route calls. */
export const functionSpecs: readonly FunctionSpec[] = [
  ...operationNames.map((name) => ({ name, memoryMb: 512, timeoutSeconds: apiTimeoutSeconds, routes: routesOf(name) })),
  { name: "describeService", memoryMb: 512, timeoutSeconds: apiTimeoutSeconds, routes: ["$default"] },
  { name: "countTerms", memoryMb: 1024, timeoutSeconds: 60, routes: [] },
  { name: "rollUpTerms", memoryMb: 512, timeoutSeconds: 60, routes: [] },
];

/** HEAD is wherever GET is. */
function routesOf(name: OperationName): string[] {
  const { method, path } = operations[name];
  return method === "GET" ? [`GET ${path}`, `HEAD ${path}`] : [`${method} ${path}`];
}
