import { BellwetherError } from "#contract/errors.ts";

/** The most bytes that an integer up to 2^53 - 1 takes. */
const varintBytesMax = 8;

/** Writes unsigned LEB128 integers (up to 2^53 - 1) into one buffer, again and again: `clear` begins anew. */
export class ByteWriter {
  #bytes = Buffer.alloc(1_024);
  #length = 0;

  clear(): this {
    this.#length = 0;
    return this;
  }

  varint(value: number): this {
    this.#reserve(varintBytesMax);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  uint32(value: number): this {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
    return this;
  }

  /** What was written since `clear`; good until the next. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  base64url(): string {
    return this.#bytes.toString("base64url", 0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
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
