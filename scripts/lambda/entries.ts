import { type OperationName, operationNames } from "#contract/operations.ts";
import type { LambdaFunctionName } from "#hosts/lambda/grants.main.ts";

/** The functions that no route of an operation calls. */
const otherFunctions = {
  describeService: "describe-service",
  countTerms: "count-terms",
  rollUpTerms: "roll-up-terms",
} as const satisfies Record<Exclude<LambdaFunctionName, OperationName>, string>;

/** What each bundle is built from, drawn from the table of operations: a function names its own answer and no other. */
export const functionEntries: Readonly<Record<LambdaFunctionName, string>> = {
  ...(Object.fromEntries(operationNames.map((name) => [name, operationEntry(name)])) as Record<OperationName, string>),
  ...(Object.fromEntries(
    Object.entries(otherFunctions).map(([name, file]) => [
      name,
      `export { handler } from "#hosts/lambda/${file}.main.ts";\n`,
    ]),
  ) as Record<keyof typeof otherFunctions, string>),
};

export const lambdaFunctionNames: readonly LambdaFunctionName[] = Object.keys(functionEntries) as LambdaFunctionName[];

function operationEntry(name: OperationName): string {
  return `import { ${name}Answer } from "#hosts/answers.ts";
import { apiFunction } from "#hosts/lambda/init.main.ts";
export const handler = apiFunction("${name}", ${name}Answer);
`;
}
