import { type OperationName, operationNames } from "#contract/operations.ts";
import type { LambdaFunctionName } from "#hosts/lambda/grants.main.ts";

/** The functions that have a file of their own: those that no route of an operation calls, and one that knows more. */
const filedFunctions = {
  listFunctions: "list-functions",
  describeService: "describe-service",
  countTerms: "count-terms",
  rollUpTerms: "roll-up-terms",
} as const satisfies Partial<Record<LambdaFunctionName, string>> &
  Record<Exclude<LambdaFunctionName, OperationName>, string>;

/** What each bundle is built from, drawn from the table of operations: a function names its own answer and no other. */
export const functionEntries: Readonly<Record<LambdaFunctionName, string>> = {
  ...(Object.fromEntries(operationNames.map((name) => [name, operationEntry(name)])) as Record<OperationName, string>),
  ...(Object.fromEntries(
    Object.entries(filedFunctions).map(([name, file]) => [
      name,
      `export { handler } from "#hosts/lambda/${file}.main.ts";\n`,
    ]),
  ) as Record<keyof typeof filedFunctions, string>),
};

export const lambdaFunctionNames: readonly LambdaFunctionName[] = Object.keys(functionEntries) as LambdaFunctionName[];

function operationEntry(name: OperationName): string {
  return `import { ${name}Answer } from "#hosts/answers.ts";
import { apiFunction } from "#hosts/lambda/init.main.ts";
export const handler = apiFunction("${name}", ${name}Answer);
`;
}
