import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createClient, type DynamoClient } from "./client.ts";

/** A DynamoDB on this machine, for tests. */
export interface Engine {
  /** Why there is none, as the reason that tests over it give for being skipped; undefined where there is one. */
  readonly missing: string | undefined;
  readonly url: string;
  /** A client of it, to be destroyed by whoever asked. */
  client(): DynamoClient;
  close(): Promise<void>;
}

/**
 * Starts dynoxide over a file, or in memory; or takes the endpoint that `AWS_ENDPOINT_URL_DYNAMODB` names, for machines
 * that its binary is not made for. Where there is neither, the engine is `missing`.
 */
export async function startEngine(file?: string): Promise<Engine> {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  if (given) return { missing: undefined, url: given, client: () => clientOf(given), close: async () => {} };
  const binary = binaryOfDynoxide();
  if (!binary) return missingEngine();
  const port = await freePort();
  const args = ["serve", "--port", String(port), ...(file === undefined ? [] : ["--db-path", file])];
  const child = spawn(binary, args, { stdio: "ignore" });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const url = `http://127.0.0.1:${port}`;
  const failed = once(child, "exit").then(() => {
    throw new Error("The DynamoDB engine ended as it started.");
  });
  failed.catch(() => {});
  await Promise.race([failed, answers(url)]);
  return {
    missing: undefined,
    url,
    client: () => clientOf(url),
    async close() {
      process.removeListener("exit", end);
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function clientOf(endpoint: string): DynamoClient {
  return createClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
}

/** An optional dependency of `test/dynamodb-engine`: npm leaves it out where it does not run. */
function binaryOfDynoxide(): string | undefined {
  try {
    const path = fileURLToPath(import.meta.resolve("@dynoxide/linux-x64/dynoxide"));
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function missingEngine(): Engine {
  const missing = `There is no DynamoDB engine for ${process.platform}-${process.arch}. Start one (npm run dynamodb:local) and name it in AWS_ENDPOINT_URL_DYNAMODB.`;
  return {
    missing,
    url: "",
    client() {
      throw new Error(missing);
    },
    close: async () => {},
  };
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await fetch(url, { method: "POST" });
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
