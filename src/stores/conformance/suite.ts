import { describe, test } from "node:test";
import type { Store } from "#core/store.ts";
import { appendTests } from "./append.ts";
import type { Check } from "./check.ts";
import { cursorTests } from "./cursors.ts";
import { expiryTests } from "./expiry.ts";
import { idempotencyTests } from "./idempotency.ts";
import { readingTests } from "./reading.ts";
import { registrationTests } from "./registrations.ts";
import { restartTests } from "./restart.ts";
import { tablesTests } from "./tables.ts";
import { termsTests } from "./terms.ts";
import { topicTests } from "./topics.ts";
import { waitingTests } from "./waiting.ts";

/** How the suite gets a store. */
export interface StoreHarness {
  /** An empty store of its own; the suite closes it. */
  open(): Promise<Store>;
  /** Closes the store and opens it again over what it wrote. Only for stores that are durable. */
  reopen?(store: Store): Promise<Store>;
}

/**
 * Registers the tests that every store must pass: one or more for each verb and guarantee of the port `core/store.ts`.
 * They see a store only through the port, and assume nothing of how calls that arrive together share entries.
 */
export function storeConformance(name: string, harness: StoreHarness): void {
  describe(`store ${name}`, () => {
    const check: Check = (what, body, needs) => {
      test(what, async (t) => {
        const store = await harness.open();
        try {
          if (needs && !store.traits[needs]) t.skip(`${store.traits.name} has no ${needs}`);
          else await body(store);
        } finally {
          await store.close();
        }
      });
    };
    describe("topics", () => topicTests(check));
    describe("publishers and subscribers", () => registrationTests(check));
    describe("cursors", () => cursorTests(check));
    describe("append", () => appendTests(check));
    describe("idempotency", () => idempotencyTests(check));
    describe("reading", () => readingTests(check));
    describe("waiting", () => waitingTests(check, harness.open));
    describe("terms", () => termsTests(check));
    describe("expiry", () => expiryTests(check));
    describe("tables", () => tablesTests(check));
    if (harness.reopen) describe("restart", () => restartTests(harness.open, harness.reopen!));
  });
}
