/** Bytes that are not a summary this version can read: damaged, not canonical, or of a later layout. */
export class SummaryFormatError extends Error {
  override readonly name = "SummaryFormatError";
}

/** Refuses the bytes at hand. */
export function refuseIf(condition: boolean, reason: string): void {
  if (condition) throw new SummaryFormatError(`These bytes are no summary: ${reason}.`);
}

/** A copy with room for more at its end. */
export function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

const escapeNibble = 15;

/** Bytes that grow. */
export class ByteWriter {
  length = 0;
  #buffer: Uint8Array;

  constructor(bytesExpected: number) {
    this.#buffer = new Uint8Array(Math.max(64, bytesExpected));
  }

  byte(value: number): void {
    if (this.length === this.#buffer.length) this.#grow(1);
    this.#buffer[this.length++] = value;
  }

  bytes(values: Uint8Array): void {
    if (this.length + values.length > this.#buffer.length) this.#grow(values.length);
    this.#buffer.set(values, this.length);
    this.length += values.length;
  }

  /** LEB128: seven bits a byte, lowest first. Arithmetic, as shifts end at 32 bits. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a whole number from 0 up.`);
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Two small numbers in a byte, with escapes. */
  pair(high: number, low: number): void {
    this.byte((Math.min(high, escapeNibble) << 4) | Math.min(low, escapeNibble));
    if (high >= escapeNibble) this.varint(high - escapeNibble);
    if (low >= escapeNibble) this.varint(low - escapeNibble);
  }

  uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }

  written(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #grow(bytes: number): void {
    this.#buffer = grown(this.#buffer, Math.max(this.#buffer.length * 2, this.length + bytes));
  }
}

/** Bytes read from the front; reading past the end, or a varint that is not minimal, is refused. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new SummaryFormatError("These bytes are no summary: a length past the end.");
    return value;
  }

  bytes(length: number): Uint8Array {
    refuseIf(length > this.left, "a length past the end");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  varint(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at++;
      return first;
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      refuseIf(!Number.isSafeInteger(value), "a number too large");
      if (byte < 0x80) {
        refuseIf(byte === 0 && scale > 1, "a number longer than it need be");
        return value;
      }
    }
  }

  pair(): [high: number, low: number] {
    const byte = this.byte();
    const high = byte >>> 4;
    const low = byte & 0x0f;
    return [
      high < escapeNibble ? high : escapeNibble + this.varint(),
      low < escapeNibble ? low : escapeNibble + this.varint(),
    ];
  }

  end(): void {
    refuseIf(this.left !== 0, "bytes left over");
  }
}
