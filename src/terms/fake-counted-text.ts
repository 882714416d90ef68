/** A text that counts how often its characters are read, for tests of what time is linear in. */
export class CountedText {
  reads = 0;
  readonly length: number;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.length = text.length;
  }

  /** As the parameter of what reads a string by these methods alone. */
  asString(): string {
    return this as unknown as string;
  }

  charCodeAt(i: number): number {
    this.reads++;
    return this.#text.charCodeAt(i);
  }

  codePointAt(i: number): number | undefined {
    this.reads++;
    return this.#text.codePointAt(i);
  }

  slice(start: number, end: number): string {
    this.reads += end - start;
    return this.#text.slice(start, end);
  }
}
