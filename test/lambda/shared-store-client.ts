import { Agent, request } from "node:http";
import { deserialize, serialize } from "node:v8";
import { BellwetherError, type ErrorCode } from "#contract/errors.ts";
import type { Store, StoreTraits } from "#core/store.ts";
import type { StoreCall, StoreReply } from "./shared-store.ts";

/** Takes the place of `src/hosts/lambda/store.main.ts` in bundles for tests: the store that `SHARED_STORE_URL` shares. */
export function openStore(): Store {
  const url = process.env.SHARED_STORE_URL!;
  const agent = new Agent({ keepAlive: true });
  const traits = JSON.parse(process.env.SHARED_STORE_TRAITS!) as StoreTraits;
  const call = async (method: keyof Store, args: unknown[], signal?: AbortSignal): Promise<unknown> => {
    const reply = await send(url, agent, { method, args }, signal);
    if ("value" in reply) return reply.value;
    const { code, message, details } = reply.error;
    throw code ? new BellwetherError(code as ErrorCode, message, details) : new Error(message);
  };
  return new Proxy({ traits } as unknown as Store, {
    get: (target, method: keyof Store) => {
      if (method in target) return target[method];
      if (method === "waitForNews")
        return (watches: unknown, signal: AbortSignal) => call(method, [watches], signal).catch(() => {});
      return (...args: unknown[]) => call(method, args);
    },
  });
}

function send(url: string, agent: Agent, call: StoreCall, signal?: AbortSignal): Promise<StoreReply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: "POST", ...(signal && { signal }) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => resolve(deserialize(Buffer.concat(chunks)) as StoreReply));
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(serialize(call));
  });
}
