import { type OperationName, operationNames } from "#contract/operations.ts";

/** What an action of DynamoDB is called by IAM. */
export type TableAction =
  | "BatchGetItem"
  | "BatchWriteItem"
  | "ConditionCheckItem"
  | "DeleteItem"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "Scan"
  | "UpdateItem";

/** What a function may do to which table. */
export type Grants = Readonly<Record<string, readonly TableAction[]>>;

/** A function that Lambda runs: one each operation, and those that no operation's route calls. */
export type LambdaFunctionName = OperationName | "describeService" | "countTerms" | "rollUpTerms";

/**
 * The rights of each function: infra draws the roles from them, and the emulated stack refuses everything else. Nothing to
 * nobody, until the store is there: what a function needs follows from what its operation asks of the store.
 */
export const grants: Readonly<Record<LambdaFunctionName, Grants>> = {
  ...(Object.fromEntries(operationNames.map((name) => [name, {}])) as Record<OperationName, Grants>),
  describeService: {},
  countTerms: {},
  rollUpTerms: {},
};
