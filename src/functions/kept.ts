/**
 * What functions keep for a process beyond their calls, each made when it is first asked for. So the context names none of
 * it, and the bundle of a function carries only what that function asks for.
 */
export class Kept {
  readonly #made = new Map<unknown, unknown>();

  /** What `make` made of the owner the first time that it was given here. One owner each. */
  of<O, T>(owner: O, make: (owner: O) => T): T {
    if (!this.#made.has(make)) this.#made.set(make, make(owner));
    return this.#made.get(make) as T;
  }
}
