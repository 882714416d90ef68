import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** A DynamoDB on this machine. */
export interface Engine {
  readonly url: string;
  /** Calls it by the name of an operation, as `DynamoDB.ListTables` or `DynamoDBStreams.GetRecords`. Rejects with its error. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the operation's
  call(operation: string, input: object): Promise<any>;
  close(): Promise<void>;
}

const versions = { DynamoDB: "DynamoDB_20120810", DynamoDBStreams: "DynamoDBStreams_20120810" } as const;

/**
 * Starts dynoxide over a file, or in memory; or takes the endpoint that `AWS_ENDPOINT_URL_DYNAMODB` names, for machines
 * that its binary is not made for. Rejects when there is neither.
 */
export async function startEngine(file?: string): Promise<Engine> {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (given) return { url: given, call: callOf(given), close: async () => {} };
  const port = await freePort();
  const args = ["serve", "--port", String(port), ...(file === undefined ? [] : ["--db-path", file])];
  const child = spawn(binary(), args, { stdio: "ignore" });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const url = `http://127.0.0.1:${port}`;
  const call = callOf(url);
  const failed = once(child, "exit").then(() => {
    throw new Error("The DynamoDB engine ended as it started.");
  });
  failed.catch(() => {});
  await Promise.race([failed, answers(call)]);
  return {
    url,
    call,
    async close() {
      process.removeListener("exit", end);
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function binary(): string {
  try {
    return fileURLToPath(import.meta.resolve("@dynoxide/linux-x64/dynoxide"));
  } catch {
    throw new Error(
      "There is no DynamoDB engine for this machine. Start one (DynamoDB Local does) and name it in AWS_ENDPOINT_URL_DYNAMODB.",
    );
  }
}

function callOf(url: string): Engine["call"] {
  return async (operation, input) => {
    const [service, name] = operation.split(".") as [keyof typeof versions, string];
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `${versions[service]}.${name}`,
        "x-amz-date": new Date().toISOString().replace(/[-:]|\.\d+/g, ""),
        // Engines on this machine look at the form of a signature, not at its truth.
        authorization:
          "AWS4-HMAC-SHA256 Credential=emulated/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: JSON.stringify(input),
    });
    const output = await response.json();
    if (response.ok) return output;
    throw Object.assign(new Error(`${operation}: ${JSON.stringify(output).slice(0, 500)}`), {
      type: String(output.__type).split("#").at(-1),
    });
  };
}

async function answers(call: Engine["call"]): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await call("DynamoDB.ListTables", {});
      return;
    } catch (error) {
      if (tries >= 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
