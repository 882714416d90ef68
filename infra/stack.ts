import { Stack, type StackProps } from "aws-cdk-lib";
import type { Code } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { tableDefinitions } from "../src/stores/dynamodb/tables.ts";
import { createApi } from "./api.ts";
import { connectBackground, createFunctions } from "./functions.ts";
import { createParameters } from "./parameters.ts";
import { createTables } from "./tables.ts";
import { createWatch } from "./watch.ts";

/** Bellwether on AWS: one HTTP API, one function an operation, the store's tables, and what watches over them. */
export class BellwetherStack extends Stack {
  constructor(scope: Construct, id: string, codeOf: (name: string) => Code, props: StackProps = {}) {
    super(scope, id, props);
    const parameters = createParameters(this);
    const prefix = `${this.stackName}-`;
    const tables = createTables(this, prefix);
    const functions = createFunctions(this, {
      tables,
      codeOf,
      environment: {
        ADMIN_KEY_SHA256: parameters.adminKeyHashes,
        PUBLIC_READ: parameters.publicRead,
        TABLE_PREFIX: prefix,
      },
    });
    const streamed = tableDefinitions.find(({ stream }) => stream !== undefined)!;
    connectBackground(this, functions, tables.get(streamed.name)!);
    const { stage } = createApi(this, functions, parameters);
    createWatch(this, { stage, functions, tables });
  }
}
