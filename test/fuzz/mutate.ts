import type { Random } from "../random.ts";

const telling = [0, 1, 0x0a, 0x0d, 0x22, 0x5c, 0x5b, 0x7b, 0x7f, 0x80, 0xc3, 0xed, 0xff];
const wide = [0, 1, 255, 65_535, 0x7fffffff, 0x80000000, 0xffffffff];
const doubles = [0, -1, 0.5, 1e15, 2 ** 53, -0, Number.NaN, Number.POSITIVE_INFINITY];

/** Some bytes made of an example by a few changes of the kinds that damage and malice make; or wholly random ones. */
export function mutate(example: Uint8Array, other: Uint8Array, random: Random): Buffer {
  if (random.chance(0.05))
    return Buffer.from(Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255)));
  let bytes: Buffer = Buffer.from(example);
  for (let i = random.integer(0, 3); i >= 0; i--) bytes = change(bytes, other, random);
  return bytes;
}

function change(bytes: Buffer, other: Uint8Array, random: Random): Buffer {
  const at = random.integer(0, bytes.length);
  const end = random.integer(at, bytes.length);
  const splice = (start: number, stop: number, ...parts: Uint8Array[]): Buffer =>
    Buffer.concat([bytes.subarray(0, start), ...parts, bytes.subarray(stop)]);
  switch (random.integer(0, 8)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << random.integer(0, 7);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.integer(0, 255);
      return bytes;
    case 2:
      return splice(at, at, Buffer.of(random.pick(telling)));
    case 3:
      return splice(at, end);
    case 4:
      return bytes.subarray(0, at);
    case 5: // A part of it again.
      return splice(at, at, bytes.subarray(at, Math.min(end, at + 40)));
    case 6: // A part of another.
      return splice(at, at, other.subarray(0, random.integer(0, Math.min(40, other.length))));
    case 7:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(random.pick(wide), at);
      return bytes;
    default: {
      const aligned = at - (at % 8);
      if (aligned + 8 <= bytes.length) bytes.writeDoubleLE(random.pick(doubles), aligned);
      return bytes;
    }
  }
}
