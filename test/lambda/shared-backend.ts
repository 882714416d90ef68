import { openEmbeddedStore } from "#stores/embedded/store.ts";
import { createMemoryStore } from "#stores/memory/store.ts";
import type { Backend } from "./backend.ts";
import { shareStore } from "./shared-store.ts";

const lookMs = 100;

/**
 * A store of this process that all function processes share over HTTP: everything of the stack but the tables. In memory,
 * or in a folder.
 */
export async function startSharedBackend(folder?: string): Promise<Backend> {
  const store = folder === undefined ? createMemoryStore() : await openEmbeddedStore(folder);
  const { url, close } = await shareStore(store);
  let stopped = false;
  const environment = { SHARED_STORE_URL: url, SHARED_STORE_TRAITS: JSON.stringify(store.traits) };
  return {
    environmentOf: () => environment,
    async wake(deliver) {
      while (!stopped) {
        if ((await store.listUncounted(1)).length > 0) await deliver({ Records: [] });
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    },
    async close() {
      stopped = true;
      await close();
      await store.close();
    },
  };
}
