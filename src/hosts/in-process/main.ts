import { type Client, createClient } from "#client/client.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import { hashSecret } from "#core/tokens.ts";
import { startCore } from "../core.main.ts";
import { randomIds } from "../node-context.ts";
import { createFetch } from "./fetch.ts";

/** How to embed the service. */
export interface EmbeddedOptions {
  /** The folder that holds everything; made if it is not there. One process at a time may hold it. */
  readonly dataDir: string;
  /** Told what failed behind the calls; it is tried again by itself. */
  readonly onFault?: (error: unknown) => void;
}

/** The service inside this process. Its client may do everything, and closes with it. */
export interface EmbeddedBellwether {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * Opens a data folder and gives a client over it: the same functions, store and answers as over HTTP, without a socket.
 * Rejects when the folder is in use by another process or was written by a later version.
 */
export async function openBellwether({ dataDir, onFault = () => {} }: EmbeddedOptions): Promise<EmbeddedBellwether> {
  const adminKey = randomIds.secret();
  const settings = {
    ...defaultServiceSettings,
    adminKeyHashes: [hashSecret(adminKey)],
    openRegistration: false,
    publicRead: false,
  };
  const reports = { counted: () => {}, worked: () => {}, failed: (_: unknown, error: unknown) => onFault(error) };
  const core = await startCore(dataDir, settings, reports);
  return {
    client: createClient({ url: "http://in-process", adminKey, fetch: createFetch(core.handler) }),
    close: core.close,
  };
}
