import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RegoEngine, TemplateFile } from "@aws/cloudformation-validate";
import { operationNames, operations } from "#contract/operations.ts";
import { grants } from "#hosts/lambda/grants.main.ts";
import { lambdaSettingSpecs } from "#hosts/lambda/settings.ts";
import { metricNames, metricNamespace } from "#hosts/lambda/telemetry.ts";
import { tableDefinitions } from "#stores/dynamodb/tables.ts";

/**
 * What AWS is told to make, read from the committed template: infra's own test holds that to be what its app draws. Only
 * that needs the CDK, so that the service's tests do not.
 */
const file = new URL("../infra/template.json", import.meta.url).pathname;

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape differs by type, and each test reads what it expects
  readonly Properties: any;
}
const resources: Readonly<Record<string, Resource>> = JSON.parse(readFileSync(file, "utf8")).Resources;
const ofType = (type: string): [string, Resource][] =>
  Object.entries(resources).filter(([, resource]) => resource.Type === type);

/** The function's name by its id in the template. */
const functionNames = new Map(
  ofType("AWS::Lambda::Function").map(([id, { Properties }]) => [
    id,
    String(Properties.Description).replace("Bellwether: ", ""),
  ]),
);
/** The table's name, as the store has it, by its id in the template. */
const tableNames = new Map(
  ofType("AWS::DynamoDB::GlobalTable").map(([id, { Properties }]) => [
    id,
    String(Properties.TableName).replace("Bellwether-", ""),
  ]),
);

test("the template is valid: properties, ranges, references and runtimes", () => {
  const engine = new RegoEngine();
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(file));
    const errors = diagnostics.filter(({ severity }) => ["Fatal", "Error"].includes(String(severity)));
    assert.deepEqual(
      errors.map(({ ruleId, message }) => `${ruleId}: ${message}`),
      [],
    );
  } finally {
    engine.free();
  }
});

test("each operation has a function, and each of its routes calls it; HEAD is where GET is, the rest is $default", () => {
  const integrations = new Map(
    ofType("AWS::ApiGatewayV2::Integration").map(([id, { Properties }]) => {
      assert.equal(Properties.PayloadFormatVersion, "2.0");
      return [id, functionNames.get(Properties.IntegrationUri["Fn::GetAtt"][0])!];
    }),
  );
  const routes = ofType("AWS::ApiGatewayV2::Route").map(([, { Properties }]) => {
    const [, target] = Properties.Target["Fn::Join"][1];
    return `${Properties.RouteKey} -> ${integrations.get(target.Ref)}`;
  });
  const expected = operationNames.flatMap((name) => {
    const { method, path } = operations[name];
    return (method === "GET" ? ["GET", "HEAD"] : [method]).map((each) => `${each} ${path} -> ${name}`);
  });
  assert.deepEqual(routes.sort(), [...expected, "$default -> describeService"].sort());
});

test("each function may do to each table what its grants say, write its own log, and nothing else", () => {
  const found: Record<string, Record<string, string[]>> = {};
  for (const [id, { Properties }] of ofType("AWS::Lambda::Function")) {
    const role = resources[Properties.Role["Fn::GetAtt"][0]]!.Properties;
    const name = functionNames.get(id)!;
    assert.equal(role.ManagedPolicyArns, undefined, name);
    assert.equal(role.Policies.length, 1, name);
    const [log, ...statements] = role.Policies[0].PolicyDocument.Statement;
    assert.deepEqual(log.Action, ["logs:CreateLogStream", "logs:PutLogEvents"], name);
    assert.equal(log.Resource["Fn::GetAtt"][0], Properties.LoggingConfig.LogGroup.Ref, name);
    found[name] = Object.fromEntries(
      statements.map(({ Action, Resource }: { Action: string | string[]; Resource: { "Fn::GetAtt": string[] } }) => [
        tableNames.get(Resource["Fn::GetAtt"][0]!)!,
        [Action].flat().map((action) => action.replace("dynamodb:", "")),
      ]),
    );
  }
  assert.deepEqual(found, grants);
  for (const [name, tables] of Object.entries(found)) {
    for (const actions of Object.values(tables))
      assert.ok(!actions.some((action: string) => action.includes("*")), name);
  }
});

test("only countTerms has more: to read the stream that wakes it", () => {
  const [policy, ...others] = ofType("AWS::IAM::Policy").map(([, resource]) => resource);
  assert.equal(others.length, 0);
  assert.match(policy!.Properties.Roles[0].Ref, /^RoleCountTerms/);
  const statements = policy!.Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[];
  assert.deepEqual(statements.flatMap(({ Action }) => Action).sort(), [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
  ]);
  for (const { Resource } of statements) assert.match(JSON.stringify(Resource), /"StreamArn"|\/stream\/\*/);
  const [mapping] = ofType("AWS::Lambda::EventSourceMapping").map(([, resource]) => resource);
  assert.equal(functionNames.get(mapping!.Properties.FunctionName.Ref), "countTerms");
});

test("the tables are the store's, paid by use, kept, restorable and with their expiry and stream", () => {
  const found = ofType("AWS::DynamoDB::GlobalTable").map(([id, resource]) => {
    const { BillingMode, KeySchema, TimeToLiveSpecification, StreamSpecification, Replicas } = resource.Properties;
    assert.equal(BillingMode, "PAY_PER_REQUEST");
    assert.equal((resource as { DeletionPolicy?: string }).DeletionPolicy, "Retain");
    for (const replica of Replicas) {
      assert.equal(replica.DeletionProtectionEnabled, true);
      assert.equal(replica.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true);
    }
    return {
      name: tableNames.get(id),
      keys: KeySchema.map(({ AttributeName }: { AttributeName: string }) => AttributeName),
      ttl: TimeToLiveSpecification?.AttributeName,
      stream: StreamSpecification?.StreamViewType,
    };
  });
  const expected = tableDefinitions.map(({ name, partitionKey, sortKey, ttlAttribute, stream }) => ({
    name,
    keys: [partitionKey.name, ...(sortKey ? [sortKey.name] : [])],
    ttl: ttlAttribute,
    stream,
  }));
  assert.deepEqual(found, expected);
});

test("what functions are set to is a setting of theirs, and what is alarmed is a metric of theirs", () => {
  const variables = Object.values(lambdaSettingSpecs).map(({ variable }) => variable as string);
  for (const [, { Properties }] of ofType("AWS::Lambda::Function")) {
    assert.deepEqual(
      Object.keys(Properties.Environment.Variables).filter((name) => !variables.includes(name)),
      [],
    );
    assert.deepEqual([Properties.Runtime, Properties.Architectures], ["nodejs24.x", ["arm64"]]);
  }
  const own = ofType("AWS::CloudWatch::Alarm").filter(([, { Properties }]) => Properties.Namespace === metricNamespace);
  assert.ok(own.length >= 3);
  for (const [, { Properties }] of own)
    assert.ok((Object.values(metricNames) as string[]).includes(Properties.MetricName), Properties.MetricName);
});
