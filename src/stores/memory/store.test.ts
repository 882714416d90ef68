import { storeConformance } from "#stores/conformance/suite.ts";
import { createMemoryStore } from "./store.ts";

storeConformance("memory", { open: async () => createMemoryStore() });
