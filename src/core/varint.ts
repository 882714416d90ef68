import { BellwetherError } from "#contract/errors.ts";

/** Writes unsigned LEB128 integers (up to 2^53 - 1) and bytes into one growing list. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  varint(value: number): this {
    let rest = value;
    while (rest >= 128) {
      this.#bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
    return this;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads what `ByteWriter` wrote; anything past the end, longer than need be or over 2^53 - 1 throws `invalid_cursor`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.offset === this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.offset++];
      if (byte === undefined || scale > 2 ** 49)
        throw new BellwetherError("invalid_cursor", "The bytes end too early.");
      value += (byte & 127) * scale;
      if (byte === 0 && scale > 1) throw new BellwetherError("invalid_cursor", "A number is longer than it need be.");
      if (byte < 128) break;
    }
    if (!Number.isSafeInteger(value)) throw new BellwetherError("invalid_cursor", "A number is too large.");
    return value;
  }
}
