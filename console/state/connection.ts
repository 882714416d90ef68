import { computed, signal } from "@preact/signals";
import { BellwetherError, type Client, createClient } from "#client/mod.ts";
import { forget, remember, remembered } from "./remembered.ts";

/**
 * The service that the console looks at, and how it is. What a view asks goes through `client`, whose fetch is watched:
 * an answer of any kind says that the service is there, a failure that it is not.
 */
export type ConnectionState = "connecting" | "up" | "slow" | "down";

/** Where the console was loaded from, which is the service that serves it. */
export const ownEndpoint = new URL(".", location.href).href.replace(/\/$/, "");

export const endpoint = signal(remembered().endpoint ?? ownEndpoint);
/** The admin key, or a subscriber's or publisher's token. In memory only, unless its holder wants it kept here. */
export const key = signal<string | undefined>(remembered().key);
export const keptOnDevice = signal(remembered().key !== undefined);

export const state = signal<ConnectionState>("connecting");
/** Counts the times that the service came back: what is shown is then asked for anew. */
export const revivals = signal(0);
/** What the service let this reader do when it was last asked. */
export const rights = signal<{ readonly read: boolean; readonly admin: boolean } | undefined>(undefined);

/** Whether the dialog that asks for the service and the key is open. */
export const isConnecting = signal(false);
/** Tells one connection from the next, so that nothing of the one before is shown as this one's. */
export const connectionNumber = signal(0);

const slowMs = 2_500;
const timeoutMs = 15_000;
const pending = new Set<number>();

/** For what is asked again and again: it fails at once, and is asked again in its time. */
export const client = computed<Client>(() => connect(1));
/** For what a person does once: tried again for a while where that is safe. */
export const actor = computed<Client>(() => connect(4));

/** Turns to another service, or another key. With `keep`, both are written down on this device. */
export function connectTo(url: string, newKey: string | undefined, keep: boolean): void {
  // Throws for what is no URL, before anything changes.
  createClient({ url });
  endpoint.value = url.replace(/\/+$/, "");
  key.value = newKey;
  keptOnDevice.value = keep;
  if (keep) remember({ endpoint: endpoint.value, key: newKey });
  else forget();
  state.value = "connecting";
  rights.value = undefined;
  connectionNumber.value += 1;
  void askRights();
}

/** Asks what this key may do: with it, what is locked can be shown as locked before anybody stumbles on it. */
export async function askRights(): Promise<void> {
  const asked = client.value;
  const may = async (ask: () => Promise<unknown>): Promise<boolean> => {
    try {
      await ask();
      return true;
    } catch (error) {
      if (error instanceof BellwetherError && ["unauthenticated", "forbidden"].includes(error.code)) return false;
      throw error;
    }
  };
  try {
    const [read, admin] = await Promise.all([
      may(() => asked.listTopics({ limit: 1 })),
      may(() => asked.listPublishers({ limit: 1 })),
    ]);
    if (asked === client.value) rights.value = { read, admin };
  } catch {
    // The heartbeat asks again.
  }
}

/** Watches a service that is down until it answers. Runs as long as the page does. */
export function startHeartbeat(): void {
  void askRights();
  setInterval(() => {
    if (document.hidden) return;
    if (state.value === "down" || rights.value === undefined) void askRights();
  }, 1_500);
}

function connect(attempts: number): Client {
  const url = endpoint.value;
  const token = key.value;
  const given = token === undefined ? {} : /^bw_(pub|sub)_/.test(token) ? { token } : { adminKey: token };
  return createClient({ url, ...given, fetch: watchedFetch, retries: { attempts }, timeoutMs });
}

let calls = 0;

async function watchedFetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const call = ++calls;
  const from = endpoint.value;
  const startedAt = performance.now();
  const timer = setTimeout(() => {
    pending.add(call);
    if (state.value === "up" && from === endpoint.value) state.value = "slow";
  }, slowMs);
  try {
    const response = await fetch(input, {
      ...init,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    if (from === endpoint.value) answered(call);
    return response;
  } catch (error) {
    // A view that is left gives its questions up, which says nothing of the service; the SDK's own deadline does.
    if (!init?.signal?.aborted || performance.now() - startedAt >= timeoutMs) failed(from);
    throw error;
  } finally {
    clearTimeout(timer);
    pending.delete(call);
  }
}

function answered(call: number): void {
  const before = state.value;
  pending.delete(call);
  state.value = pending.size > 0 ? "slow" : "up";
  if (before === "down") {
    revivals.value += 1;
    if (rights.value === undefined) void askRights();
  }
}

function failed(from: string): void {
  if (from === endpoint.value) state.value = "down";
}
