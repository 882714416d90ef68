import { grown } from "./bytes.ts";
import { decodeUtf8, putTerm } from "./codec.ts";
import { termBytesMax, utf8Length } from "./utf8.ts";

/** Terms are looked up in units of two bytes; the last one of an odd term is filled up with a zero. */
export const slotBytes: number = termBytesMax + 2;

/**
 * Numbers for terms, from 0 up in the order they come. Terms are held as bytes, and only those that are shown become
 * strings: what is added up by number needs no others.
 *
 * A hash table with open addressing. The hash is multilinear, with keys drawn for this lexicon alone, so that nobody can
 * choose terms that meet in it. Source: Lemire and Kaser, "Strongly universal string hashing is fast", 2014.
 */
export class Lexicon {
  #size = 0;
  /** Two for each unit of a term. */
  readonly #keys = crypto.getRandomValues(new Int32Array(slotBytes));
  /** Of each place the number + 1 of the term there, 0 for none, and its hash. */
  #places = new Int32Array(2 * placesAtFirst);
  /** The terms in units, end to end. */
  #units = new Uint16Array(8 * placesAtFirst);
  /** Where the units of each term begin; of the next one too. */
  #starts = new Uint32Array(placesAtFirst);
  #lengths = new Uint8Array(placesAtFirst);
  readonly #slot = new Uint8Array(slotBytes);
  readonly #slotUnits = new Uint16Array(this.#slot.buffer);

  get size(): number {
    return this.#size;
  }

  /** What its tables take, also where they stand empty. */
  get bytes(): number {
    return this.#places.byteLength + this.#units.byteLength + this.#starts.byteLength + this.#lengths.byteLength;
  }

  /** The number of a term, a new one if it has none. Throws RangeError for more than 64 bytes or a lone surrogate. */
  add(term: string): number {
    return this.addUnits(this.#slotUnits, this.#put(term));
  }

  /** The same of the term in the first `length` bytes of a slot, the byte behind them being 0. */
  addUnits(units: Uint16Array, length: number): number {
    const hash = this.#hashOf(units, length);
    const place = this.#placeOf(units, length, hash);
    const found = this.#places[2 * place]!;
    return found > 0 ? found - 1 : this.#insert(place, units, length, hash);
  }

  /** undefined for a term that was never added. */
  find(term: string): number | undefined {
    if (utf8Length(term) > termBytesMax || !term.isWellFormed()) return undefined;
    const length = this.#put(term);
    const found = this.#places[2 * this.#placeOf(this.#slotUnits, length, this.#hashOf(this.#slotUnits, length))]!;
    return found > 0 ? found - 1 : undefined;
  }

  termOf(id: number): string {
    return decodeUtf8(this.#bytesOf(id));
  }

  /** Compares two terms by their UTF-8 bytes, as `compareUtf8` does. */
  compare(a: number, b: number): number {
    const x = this.#bytesOf(a);
    const y = this.#bytesOf(b);
    for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
    return x.length - y.length;
  }

  #put(term: string): number {
    const length = putTerm(term, this.#slot.subarray(0, termBytesMax));
    this.#slot[length] = 0;
    return length;
  }

  #bytesOf(id: number): Uint8Array {
    return new Uint8Array(this.#units.buffer, 2 * this.#starts[id]!, this.#lengths[id]!);
  }

  /** Two sums, of which the upper halves are strongly universal. */
  #hashOf(units: Uint16Array, length: number): number {
    const keys = this.#keys;
    const count = (length + 1) >> 1;
    let a = 0;
    let b = 0;
    for (let i = 0; i < count; i++) {
      const unit = units[i]!;
      a = (a + Math.imul(keys[2 * i]!, unit)) | 0;
      b = (b + Math.imul(keys[2 * i + 1]!, unit)) | 0;
    }
    return (a & 0xffff0000) | (b >>> 16);
  }

  /** Where the term is, or where it would be put. */
  #placeOf(units: Uint16Array, length: number, hash: number): number {
    const places = this.#places;
    const mask = places.length / 2 - 1;
    let place = hash & mask;
    for (;;) {
      const found = places[2 * place]!;
      if (found === 0 || (places[2 * place + 1] === hash && this.#is(found - 1, units, length))) return place;
      place = (place + 1) & mask;
    }
  }

  #is(id: number, units: Uint16Array, length: number): boolean {
    if (this.#lengths[id] !== length) return false;
    const known = this.#units;
    const start = this.#starts[id]!;
    const end = start + ((length + 1) >> 1);
    for (let at = start, i = 0; at < end; at++, i++) if (known[at] !== units[i]) return false;
    return true;
  }

  #insert(place: number, units: Uint16Array, length: number, hash: number): number {
    const id = this.#size;
    const start = this.#starts[id]!;
    const count = (length + 1) >> 1;
    this.#makeRoom(start + count);
    let bits = 0;
    for (let i = 0; i < count; i++) {
      bits |= units[i]!;
      this.#units[start + i] = units[i]!;
    }
    this.#starts[id + 1] = start + count;
    this.#lengths[id] = length;
    if ((bits & 0x8080) !== 0) decodeUtf8(this.#bytesOf(id)); // refuses what is not UTF-8
    this.#places[2 * place] = id + 1;
    this.#places[2 * place + 1] = hash;
    this.#size++;
    if (4 * this.#size > this.#places.length) this.#spread();
    return id;
  }

  #makeRoom(units: number): void {
    if (units > this.#units.length) {
      const larger = new Uint16Array(2 * this.#units.length);
      larger.set(this.#units);
      this.#units = larger;
    }
    if (this.#size + 1 < this.#starts.length) return;
    const starts = new Uint32Array(2 * this.#starts.length);
    starts.set(this.#starts);
    this.#starts = starts;
    this.#lengths = grown(this.#lengths, 2 * this.#lengths.length);
  }

  /** Twice as many places, at most half of them taken. */
  #spread(): void {
    const old = this.#places;
    const places = new Int32Array(2 * old.length);
    const mask = places.length / 2 - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      let place = old[i + 1]! & mask;
      while (places[2 * place] !== 0) place = (place + 1) & mask;
      places[2 * place] = old[i]!;
      places[2 * place + 1] = old[i + 1]!;
    }
    this.#places = places;
  }
}

const placesAtFirst = 1_024;
