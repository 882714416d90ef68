import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BellwetherError } from "#contract/errors.ts";
import { createEventStreamParser, type StreamEvent } from "./event-stream.ts";

const encoder = new TextEncoder();

function parse(text: string): StreamEvent[] {
  return createEventStreamParser().push(encoder.encode(text));
}

test("fields, comments, several data lines and a byte order mark", () => {
  const events = parse(
    "\uFEFF: hello\nretry: 250\nevent: message\nid: c1\ndata: a\ndata:b\ndata\n\n: heartbeat\n\ndata: z\n\n",
  );
  assert.deepEqual(events, [
    { event: "message", data: "a\nb\n", id: "c1" },
    { event: "message", data: "z", id: "c1" },
  ]);
});

test("an event without data is none, but moves the last id; an unfinished one is none", () => {
  const parser = createEventStreamParser();
  assert.deepEqual(parser.push(encoder.encode("id: c9\n\nretry: 7\nretry: soon\nid: c10\ndata: never whole\n")), []);
  assert.equal(parser.lastEventId, "c9");
  assert.equal(parser.retryMs, 7);
});

test("an event past the size limit is refused, whether its line ends or not", () => {
  for (const text of [`data: ${"x".repeat(200)}`, "data: 0123456789\n".repeat(20)]) {
    const parser = createEventStreamParser(100);
    assert.throws(
      () => parser.push(encoder.encode(text)),
      (error) => error instanceof BellwetherError,
    );
  }
});

test("any chunking gives the same events", () => {
  const value = fc.string({ unit: fc.constantFrom("a", " ", ":", "é", "😀", "\0", "1"), maxLength: 6 });
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom("data", "event", "id", "retry", "other", ""), value)
      .map(([field, text]) => `${field}: ${text}`),
    fc.constant(""),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 40 })
    .map((lines) => lines.map(([text, end]) => text + end).join(""));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(7), { maxLength: 200 }), (text, sizes) => {
      const bytes = encoder.encode(text);
      const parser = createEventStreamParser();
      const events: StreamEvent[] = [];
      let start = 0;
      for (const size of sizes) {
        events.push(...parser.push(bytes.subarray(start, start + size)));
        start += size;
      }
      events.push(...parser.push(bytes.subarray(start)));
      assert.deepEqual(events, parse(text));
    }),
  );
});
