import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BellwetherError } from "#contract/errors.ts";
import { type Input, readLines, readWhole } from "./input.ts";

function inputOf(...chunks: Uint8Array[]): Input {
  return {
    name: "the input",
    chunks: (async function* () {
      yield* chunks;
    })(),
  };
}

test("lines are the same wherever the bytes are cut", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", " ", "\r", "\n"), maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(text, fc.nat(80), async (whole, cut) => {
      const bytes = Buffer.from(whole);
      const lines: { line: string; number: number }[] = [];
      for await (const each of readLines(inputOf(bytes.subarray(0, cut), bytes.subarray(cut)))) lines.push(each);
      const expected = whole.split("\n").map((line) => line.replace(/\r$/, ""));
      assert.deepEqual(
        lines.map(({ line }) => line),
        expected.filter((line) => line.trim() !== ""),
      );
      for (const { line, number } of lines) assert.equal(expected[number - 1], line);
    }),
  );
});

test("text that is not UTF-8 is refused", async () => {
  for (const bytes of [
    [0xff, 0x41],
    [0x41, 0xc3],
  ]) {
    const isInvalidText = (error: unknown) => error instanceof BellwetherError && error.code === "invalid_text";
    await assert.rejects(readWhole(inputOf(Uint8Array.from(bytes))), isInvalidText);
  }
});
