import type { DynamoDBStreamEvent } from "aws-lambda";
import type { LambdaFunctionName } from "#hosts/lambda/grants.ts";

/** What the functions of a stack keep things in, and what wakes countTerms. */
export interface Backend {
  /** The variables by which a function reaches it. */
  environmentOf(name: LambdaFunctionName): Readonly<Record<string, string>>;
  /** Calls `deliver` when there is something to count, again until it gives true. Ends once it is closed. */
  wake(deliver: (event: DynamoDBStreamEvent) => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}
