import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Distances, NumberFinder, tailMax } from "./number-finder.ts";

const memory = Buffer.alloc(tailMax + 4_096, "numbered0000001");

/** Has the text read in pieces of these sizes, by turns, into memory that holds what was read before. */
function readIn(finder: NumberFinder, text: string, sizes: readonly number[]): number[] {
  const found: number[] = [];
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.min(sizes[turn % sizes.length]!, bytes.length - at);
    bytes.copy(memory, tailMax, at, at + size);
    finder.take(memory, tailMax + size, (number) => found.push(number));
    at += size;
  }
  return found;
}

const marked = (number: number): string => `numbered${String(number).padStart(7, "0")}`;
const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 });
/** What can stand between two numbers: text that nearly is one too. */
const between = fc
  .array(fc.constantFrom("numbere", "numbered", "numbered00", "0000000000", "é", "n", "\n\n"), { maxLength: 6 })
  .map((words) => `: ${words.join(" ")} :`);

test("every number is found once and in order, wherever reads end and whatever is between", () => {
  const stream = fc.array(fc.tuple(between, fc.integer({ min: 0, max: 9_999_999 })), { maxLength: 30 });
  fc.assert(
    fc.property(stream, sizes, (parts, reader) => {
      const text = `${parts.map(([filler, number]) => `${filler}${marked(number)}`).join("")}: the end of it all`;
      const numbers = parts.map(([, number]) => number);
      assert.deepEqual(readIn(new NumberFinder(new Distances()), text, reader), numbers);
    }),
  );
});

test("a stream with other chunks than the last one, or without some messages, loses nothing", () => {
  const message = fc.record({ left: fc.boolean(), chunks: fc.tuple(fc.nat(8), fc.nat(8)), filler: between });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), sizes, sizes, (messages, reader, otherReader) => {
      const textOf = (which: 0 | 1, numbers: readonly number[]): string =>
        numbers
          .map((i) => `${"c".repeat(messages[i]!.chunks[which])}${marked(i)}${messages[i]!.filler}${"x".repeat(20)}`)
          .join("");
      const all = messages.map((_, i) => i);
      const some = all.filter((i) => !messages[i]!.left);
      const distances = new Distances();
      assert.deepEqual(readIn(new NumberFinder(distances), textOf(0, all), reader), all);
      assert.deepEqual(readIn(new NumberFinder(distances), textOf(1, some), otherReader), some);
      assert.deepEqual(readIn(new NumberFinder(distances), textOf(0, all), reader), all);
    }),
  );
});

test("what is left in memory by an earlier read of another stream is not taken for a message", () => {
  assert.deepEqual(readIn(new NumberFinder(new Distances()), "nothing here, numbered", [5]), []);
});
