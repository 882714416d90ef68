/** Which messages have come to which subscriber: each counts once, so that one that comes twice stands for no other. */
export class Deliveries {
  /** A bit for each number. */
  readonly #came: Uint32Array[];

  constructor(subscribers: number) {
    this.#came = Array.from({ length: subscribers }, () => new Uint32Array(64));
  }

  /** Notes a delivery; whether it is the first of this message to this subscriber. */
  note(subscriber: number, number: number): boolean {
    const word = number >>> 5;
    let came = this.#came[subscriber]!;
    if (word >= came.length) {
      const wider = new Uint32Array(Math.max(word + 1, came.length * 2));
      wider.set(came);
      this.#came[subscriber] = came = wider;
    }
    const bit = 1 << (number & 31);
    if ((came[word]! & bit) !== 0) return false;
    came[word]! |= bit;
    return true;
  }
}
