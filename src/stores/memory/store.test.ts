import { storeConformance } from "#stores/conformance.ts";
import { createMemoryStore } from "./store.ts";

storeConformance("memory", { open: async () => createMemoryStore() });
