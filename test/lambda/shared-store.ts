import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { deserialize, serialize } from "node:v8";
import { BellwetherError } from "#contract/errors.ts";
import type { Store } from "#core/store.ts";

/** A store of this process that function processes share. */
export interface SharedStore {
  readonly url: string;
  close(): Promise<void>;
}

/** A call of the port as it goes over the wire, in the format of structured clones. */
export interface StoreCall {
  readonly method: keyof Store;
  readonly args: unknown[];
}

/** The value that a call gave, or its error. */
export type StoreReply =
  | { readonly value: unknown }
  | { readonly error: { readonly code?: string; readonly message: string; readonly details?: object } };

/** Serves a store's port over HTTP on loopback, so that the emulated stack can be tried over any store. */
export async function shareStore(store: Store): Promise<SharedStore> {
  const server = createServer((incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    run(store, incoming, gone.signal)
      .then((reply) => outgoing.end(serialize(reply)))
      .catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function run(store: Store, incoming: IncomingMessage, gone: AbortSignal): Promise<StoreReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method, args } = deserialize(Buffer.concat(chunks)) as StoreCall;
  const all = method === "waitForNews" ? [...args, gone] : args;
  try {
    return { value: await (store[method] as (...args: unknown[]) => Promise<unknown>)(...all) };
  } catch (error) {
    const { message } = error as Error;
    return {
      error: error instanceof BellwetherError ? { code: error.code, message, details: error.details } : { message },
    };
  }
}
