import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { ITable, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as FunctionTarget } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  type Code,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  Runtime,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { grants } from "../src/hosts/lambda/grants.main.ts";
import { type FunctionSpec, functionSpecs } from "./function-specs.ts";
import { pascalCase } from "./tables.ts";

export interface FunctionsOptions {
  readonly tables: ReadonlyMap<string, TableV2>;
  readonly environment: Readonly<Record<string, string>>;
  /** The folder of a function's bundle. */
  readonly codeOf: (name: string) => Code;
}

/** Every function with a role and a log of its own. */
export function createFunctions(scope: Construct, options: FunctionsOptions): ReadonlyMap<string, LambdaFunction> {
  return new Map(functionSpecs.map((spec) => [spec.name, createFunction(scope, spec, options)]));
}

function createFunction(scope: Construct, spec: FunctionSpec, options: FunctionsOptions): LambdaFunction {
  const id = pascalCase(spec.name);
  const logGroup = new LogGroup(scope, `Log${id}`, {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new LambdaFunction(scope, `Function${id}`, {
    description: `Bellwether: ${spec.name}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: options.codeOf(spec.name),
    memorySize: spec.memoryMb,
    timeout: Duration.seconds(spec.timeoutSeconds),
    environment: { ...options.environment },
    logGroup,
    role: createRole(scope, id, spec.name, logGroup, options.tables),
  });
}

/** What the function's grants name, and the writing of its own log. */
function createRole(
  scope: Construct,
  id: string,
  name: string,
  logGroup: LogGroup,
  tables: ReadonlyMap<string, TableV2>,
): Role {
  const statements = Object.entries(grants[name as keyof typeof grants]).map(
    ([table, actions]) =>
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [tables.get(table)!.tableArn],
      }),
  );
  const log = new PolicyStatement({
    effect: Effect.ALLOW,
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [logGroup.logGroupArn],
  });
  return new Role(scope, `Role${id}`, {
    description: `Bellwether: what ${name} may do`,
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    inlinePolicies: { needs: new PolicyDocument({ statements: [log, ...statements] }) },
  });
}

/**
 * Wakes countTerms with what is new in the stream, and both background functions by a schedule. An event is only a
 * wake-up: one that is given up is made good by the next.
 */
export function connectBackground(
  scope: Construct,
  functions: ReadonlyMap<string, LambdaFunction>,
  streamed: TableV2,
): void {
  const countTerms = functions.get("countTerms")!;
  countTerms.addEventSource(
    new DynamoEventSource(streamed as ITable, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(1),
      maxRecordAge: Duration.hours(1),
      retryAttempts: 10,
      filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual("INSERT") })],
    }),
  );
  for (const name of ["countTerms", "rollUpTerms"]) {
    new Rule(scope, `Schedule${pascalCase(name)}`, {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new FunctionTarget(functions.get(name)!, { retryAttempts: 0, event: RuleTargetInput.fromObject({}) })],
    });
  }
}
