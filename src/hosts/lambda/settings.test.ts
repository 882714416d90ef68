import assert from "node:assert/strict";
import { test } from "node:test";
import { SettingError } from "../setting-values.ts";
import { readLambdaSettings } from "./settings.ts";

const hash = "0".repeat(64);

test("without an admin key the functions do not start, unless that is meant", () => {
  assert.throws(() => readLambdaSettings({}), SettingError);
  assert.equal(readLambdaSettings({ ALLOW_OPEN: "true" }).openRegistration, true);
  assert.equal(readLambdaSettings({ ADMIN_KEY_SHA256: hash, ALLOW_OPEN: "true" }).openRegistration, false);
});

test("waits are capped at two seconds unless set, and streams are finite", () => {
  const { waitSecondsMax, finiteStreams, registryCacheMs } = readLambdaSettings({ ADMIN_KEY_SHA256: hash });
  assert.deepEqual([waitSecondsMax, finiteStreams, registryCacheMs], [2, true, 60_000]);
  assert.equal(readLambdaSettings({ ADMIN_KEY_SHA256: hash, WAIT_SECONDS_MAX: "5" }).waitSecondsMax, 5);
});

test("a setting that cannot be names its variable and rule", () => {
  for (const [variable, value] of Object.entries({
    ADMIN_KEY_SHA256: "abc",
    WAIT_SECONDS_MAX: "21",
    POLL_AFTER_MS: "-1",
    PUBLIC_READ: "yes",
    LOG_LEVEL: "info",
    TABLE_PREFIX: "a b",
    REGISTRY_CACHE_SECONDS: "",
  }))
    assert.throws(
      () => readLambdaSettings({ ADMIN_KEY_SHA256: hash, [variable]: value }),
      (error) => error instanceof SettingError && error.message.includes(variable),
      variable,
    );
});
