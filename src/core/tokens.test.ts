import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Registry } from "./registry.ts";
import type { Store } from "./store.ts";
import { decodeToken, encodeToken, hashSecret, secretMatches } from "./tokens.ts";

const characters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"];
const secret = fc.string({ unit: fc.constantFrom(...characters), minLength: 43, maxLength: 43 });

test("a token is read back as it was made, and nothing else is one", () => {
  const id = fc.stringMatching(/^[a-z0-9]{1,32}$/);
  fc.assert(
    fc.property(fc.constantFrom("pub", "sub", "str"), id, secret, (kind, id, secret) => {
      assert.deepEqual(decodeToken(encodeToken(kind, id, secret)), { kind, id, secret });
    }),
  );
  for (const text of ["", "bw_pub_", "bw_adm_a_0123456789abcdef", "bw_pub_A_0123456789abcdef", "bw_pub_a_short"])
    assert.equal(decodeToken(text), undefined);
});

test("a secret is refused whichever character differs, before and after the right one was seen", () => {
  const registry = new Registry({} as Store, { nowMs: () => 0 }, 1_000);
  fc.assert(
    fc.property(secret, fc.nat(42), fc.constantFrom(...characters, "é"), (right, at, character) => {
      const wrong = right.slice(0, at) + character + right.slice(at + 1);
      const record = { secretHash: hashSecret(right) };
      const others = [wrong, right.slice(1), `${right}x`, ""].filter((each) => each !== right);
      for (const other of others) {
        assert.equal(secretMatches(other, record.secretHash), false);
        assert.equal(registry.isSecretOf(record, other), false);
      }
      assert.equal(registry.isSecretOf(record, right), true);
      for (const other of others) assert.equal(registry.isSecretOf(record, other), false);
      assert.equal(registry.isSecretOf(record, right), true);
    }),
  );
});
