import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a function did to a table, as IAM names it. */
export interface Use {
  readonly functionName: string;
  readonly table: string;
  readonly action: string;
}

/** An endpoint in front of the engine that lets each function do what its role says and nothing else. */
export interface Gatekeeper {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts it. A function shows who it is by its access key; `may` is its role. What is refused is refused as IAM does it,
 * so that a grant that is missing fails a test here and not a call on AWS.
 */
export async function startGatekeeper(engineUrl: string, may: (use: Use) => boolean): Promise<Gatekeeper> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 0;

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const functionName = /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? "")?.[1] ?? "nobody";
    const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
    for (const { table, action } of needsOf(operation, JSON.parse(body.toString()))) {
      const use = { functionName, table, action };
      if (!may(use)) return refuse(outgoing, use);
    }
    const onward = request(engineUrl, { agent, method: "POST", headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    onward.end(body);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
      agent.destroy();
    },
  };
}

type Input = Record<string, unknown>;

/**
 * The actions that a request needs, by table. Transactions need those of their parts.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
 */
function needsOf(operation: string, input: Input): { table: string; action: string }[] {
  if (operation === "TransactWriteItems" || operation === "TransactGetItems") {
    const actions: Readonly<Record<string, string>> = {
      Put: "PutItem",
      Update: "UpdateItem",
      Delete: "DeleteItem",
      ConditionCheck: "ConditionCheckItem",
      Get: "GetItem",
    };
    return (input.TransactItems as Record<string, Input>[]).flatMap((item) =>
      Object.entries(item).map(([kind, part]) => ({ table: String(part.TableName), action: actions[kind]! })),
    );
  }
  if (operation === "BatchGetItem" || operation === "BatchWriteItem")
    return Object.keys(input.RequestItems as object).map((table) => ({ table, action: operation }));
  return [{ table: String(input.TableName), action: operation }];
}

function refuse(outgoing: ServerResponse, { functionName, table, action }: Use): void {
  const message = `User: ${functionName} is not authorized to perform: dynamodb:${action} on resource: ${table}`;
  outgoing.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
  outgoing.end(JSON.stringify({ __type: "com.amazon.coral.service#AccessDeniedException", message }));
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
