import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest } from "../http-types.ts";
import { addressOf } from "./address.ts";

const requestWith = (forwarded?: string): HttpRequest => ({
  method: "GET",
  target: "/",
  header: (name) => (name === "x-forwarded-for" ? forwarded : undefined),
  body: async () => new Uint8Array(),
  signal: AbortSignal.abort(),
});

test("an address is that of the connection; IPv4 in IPv6 is itself, and an IPv6 /64 is one", () => {
  const seen = (remote: string | undefined): string => addressOf(requestWith("9.9.9.9"), remote, 0);
  assert.equal(seen("127.0.0.1"), "127.0.0.1");
  assert.equal(seen("::ffff:10.1.2.3"), "10.1.2.3");
  assert.equal(seen("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(seen("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  assert.equal(seen("2001:0db8:1:2:ffff::"), "2001:db8:1:2::/64");
  assert.equal(seen("::1"), "0:0:0:0::/64");
  assert.equal(seen("fe80::1"), "fe80:0:0:0::/64");
  assert.equal(seen(undefined), "");
});

test("behind proxies it is what the outermost of them saw; what a caller says of itself is not believed", () => {
  const seen = (forwarded: string | undefined, proxies: number): string =>
    addressOf(requestWith(forwarded), "10.0.0.1", proxies);
  assert.equal(seen("1.1.1.1, 2.2.2.2", 1), "2.2.2.2");
  assert.equal(seen("6.6.6.6, 1.1.1.1, 2.2.2.2", 2), "1.1.1.1");
  assert.equal(seen("2001:DB8::1", 1), "2001:db8:0:0::/64");
  for (const none of [undefined, "", "1.1.1.1, unknown", `1.1.1.1, ${"x".repeat(9_000)}`])
    assert.equal(seen(none, 1), "10.0.0.1");
  assert.equal(seen("1.1.1.1", 2), "10.0.0.1");
});
