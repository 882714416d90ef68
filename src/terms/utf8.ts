/** The longest term there is, in UTF-8 bytes: bounds what one message can make a summary weigh. */
export const termBytesMax = 64;

/**
 * Compares two strings by their UTF-8 bytes; negative, 0 or positive, as for `Array.prototype.sort`.
 *
 * JavaScript's own `<` compares UTF-16 code units, which puts U+10000 and above before U+E000..U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return orderOf(x) - orderOf(y);
  }
  return a.length - b.length;
}

/** Sorts strings by their UTF-8 bytes, in place. */
export function sortUtf8(strings: string[]): string[] {
  return strings.some((s) => surrogateOrAbove.test(s)) ? strings.sort(compareUtf8) : strings.sort();
}

/** The length of `text` in UTF-8 bytes; a lone surrogate is 3, as U+FFFD is. */
export function utf8Length(text: string): number {
  return utf8Prefix(text, Number.POSITIVE_INFINITY).bytes;
}

/** The longest prefix of whole code points that is at most `bytesMax` bytes of UTF-8: where it ends in `text`, and its bytes. */
export function utf8Prefix(text: string, bytesMax: number): { end: number; bytes: number } {
  let bytes = 0;
  let i = 0;
  while (i < text.length) {
    const code = text.codePointAt(i)!;
    const width = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes + width > bytesMax) break;
    bytes += width;
    i += width === 4 ? 2 : 1;
  }
  return { end: i, bytes };
}

const surrogateOrAbove = /[\ud800-\uffff]/;

/** Moves surrogates above U+FFFF, where the code points they stand for belong. */
function orderOf(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
