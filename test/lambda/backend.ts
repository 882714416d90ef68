import type { DynamoDBStreamEvent } from "aws-lambda";
import { grants, type LambdaFunctionName } from "#hosts/lambda/grants.main.ts";
import { createTables } from "#stores/dynamodb/create-tables.ts";
import { type Engine, startEngine } from "#stores/dynamodb/fake-engine.ts";
import { type TableName, tableDefinitions } from "#stores/dynamodb/tables.ts";
import { startGatekeeper } from "./gatekeeper.ts";
import { startStreamPoller } from "./stream-poller.ts";

/** The tables of a stack and what their stream wakes. */
export interface Backend {
  readonly engine: Engine;
  /** The variables by which a function reaches the tables, with the rights that its grants give it. */
  environmentOf(name: LambdaFunctionName): Readonly<Record<string, string>>;
  /** Gives `deliver` what is new in the stream, again until it takes it. Resolves once the backend is closed. */
  wake(deliver: (event: DynamoDBStreamEvent) => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

let stacks = 0;

/**
 * Makes the tables in an engine on this machine: over a file, where they may be from before, or else fresh ones. Rejects
 * where there is no engine.
 */
export async function startBackend(
  options: { readonly file?: string; readonly onFault?: (error: unknown) => void } = {},
): Promise<Backend> {
  const engine = await startEngine(options.file);
  if (engine.missing) throw new Error(engine.missing);
  stacks += 1;
  const prefix = options.file === undefined ? `stack-${process.pid}-${Date.now()}-${stacks}-` : "bellwether-";
  const client = engine.client();
  await createTables(client, prefix);
  client.destroy();
  const gatekeeper = await startGatekeeper(engine.url, ({ functionName, table, action }) => {
    const actions = grants[functionName as LambdaFunctionName]?.[table.slice(prefix.length) as TableName] ?? [];
    return (actions as readonly string[]).includes(action);
  });
  const streamed = tableDefinitions.find(({ stream }) => stream !== undefined)!;
  let poller: ReturnType<typeof startStreamPoller> | undefined;
  return {
    engine,
    environmentOf: (name) => ({
      AWS_ENDPOINT_URL_DYNAMODB: gatekeeper.url,
      AWS_ACCESS_KEY_ID: name,
      TABLE_PREFIX: prefix,
    }),
    async wake(deliver) {
      poller = startStreamPoller({
        url: engine.url,
        table: prefix + streamed.name,
        deliver,
        onFault: options.onFault ?? (() => {}),
      });
      await poller.stopped;
    },
    async close() {
      await poller?.stop();
      await gatekeeper.close();
      await engine.close();
    },
  };
}
