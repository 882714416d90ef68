import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { encodeSummary } from "./codec.ts";
import { MessageCounter } from "./message-counter.ts";
import { exactSummary } from "./summary.ts";
import { messageTerms, messageTermsMax } from "./tokenize.ts";
import { tokenizerVersion } from "./tokenizer-version.ts";

const text = fc
  .array(fc.constantFrom("whale", "Whale", "the", "sea", "#sea", "鯨", "42", "a", "x".repeat(70), "__proto__"), {
    maxLength: 8,
  })
  .map((words) => words.join(" "));
const message = fc.oneof(
  fc.record({ title: text, body: fc.array(text, { maxLength: 3 }) }),
  fc.record({ body: fc.jsonValue({ maxDepth: 2 }) }),
);
const many = { body: Array.from({ length: 3 * messageTermsMax }, (_, i) => `term${i % 300}x`).join(" ") };

test("a counter of messages gives the exact summary of their terms", () => {
  const stopWords = new Set(["the"]);
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: message }, { weight: 1, arbitrary: fc.constant(many) })),
      (messages) => {
        const counter = new MessageCounter({ stopWords });
        for (const each of messages) counter.add(each);
        const expected = exactSummary(messages.map((each) => messageTerms(each, { stopWords })));
        const summary = counter.summary();
        assert.deepEqual(summary, expected);
        assert.deepEqual(counter.encode(), encodeSummary(expected, tokenizerVersion));

        counter.add(many);
        counter.addBlank();
        assert.deepEqual(summary, expected, "what was given changes no more");
        assert.equal(counter.summary().messages, messages.length + 2);
      },
    ),
  );
});

test("a message that throws on the way is not counted, nor are the words before that", () => {
  const broken = (text: string) => ({
    body: [
      text,
      {
        get more(): string {
          throw new Error("broken");
        },
      },
    ],
  });
  fc.assert(
    fc.property(fc.array(fc.record({ text, isBroken: fc.boolean() })), (messages) => {
      const counter = new MessageCounter();
      for (const { text, isBroken } of messages)
        if (isBroken) assert.throws(() => counter.add(broken(text)), /broken/);
        else counter.add({ body: text });
      const whole = messages.filter(({ isBroken }) => !isBroken);
      assert.deepEqual(counter.summary(), exactSummary(whole.map(({ text }) => messageTerms({ body: text }))));
    }),
  );
});

test("terms that are counted keep no text of their messages in memory", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const counter = new MessageCounter();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 200; i++) counter.add({ body: `${"the sea and ".repeat(5_000)} unmistakable${i}x` });
  collect();
  const heldBytes = process.memoryUsage().heapUsed - before;
  assert.ok(counter.summary().terms.size === 203 && heldBytes < 4_000_000, `${heldBytes} bytes are held`);
});
