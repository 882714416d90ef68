import { type Client, createClient } from "#client/client.ts";
import { defaultServiceSettings } from "#core/settings.ts";
import { hashSecret } from "#core/tokens.ts";
import { startCore } from "../core.main.ts";
import { randomIds } from "../node-context.ts";
import { createInProcessHost } from "./host.ts";

/** How to embed the service. */
export interface EmbeddedOptions {
  /** The folder that holds everything; made if it is not there. One process at a time may hold it. */
  readonly dataDir: string;
  /** Told what failed behind the calls; it is tried again by itself. */
  readonly onFault?: (error: unknown) => void;
}

/** The service inside this process. Its client may do everything. */
export interface EmbeddedBellwether {
  readonly client: Client;
  /** Answers what is under way and ends streams; the client then rejects with `unavailable`. */
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
  const host = createInProcessHost(core.handler);
  const close = async (): Promise<void> => {
    await host.close();
    await core.close();
  };
  let closed: Promise<void> | undefined;
  return {
    client: createClient({ url: "http://in-process", adminKey, fetch: host.fetch }),
    close() {
      closed ??= close();
      return closed;
    },
  };
}
