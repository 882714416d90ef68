import type { Store, SummaryKey, SummaryRecord, TermsChange } from "#core/store.ts";
import type { Random } from "../random.ts";
import { type ModelStore, orderOfThePort, type Piece, type StepsOf, type TermsStore } from "./model-store.ts";
import type { Turns } from "./turns.ts";

/** How often what goes wrong does, per write: a run has its own mood. */
export interface Mood {
  /** A write is done and its answer lost, or not done, or done long after; what called it ends there. */
  readonly failing: number;
  /** A write comes a second time, long after. */
  readonly repeating: number;
  /** A late write arrives; per turn. */
  readonly arriving: number;
  /** How many messages are late. */
  readonly late: number;
  /** How many of the works that run at once are rebuilds. */
  readonly rebuilding: number;
  /** A read of the log ends early. */
  readonly cutting: number;
}

/** What a lie in the place of the store is told: a broken variant of it, for the mutants. */
export interface Lies {
  readonly steps?: StepsOf;
  readonly read?: (record: SummaryRecord, store: ModelStore) => SummaryRecord;
  readonly entries?: (entry: Awaited<ReturnType<Store["readEntries"]>>[number]) => typeof entry;
  readonly put?: (put: TermsChange["puts"][number], store: ModelStore) => TermsChange["puts"][number];
}

/** What a process is told when its store does not answer as it should. */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
}

/**
 * The port over a model store, each read and write a turn of its own, so that whatever runs at once mixes in every way;
 * and with writes that fail, are done without an answer, or come late or twice, their conditions checked when they come.
 */
export class FaultyTerms {
  readonly model: ModelStore;
  readonly #random: Random;
  readonly #turns: Turns;
  readonly #mood: Mood;
  readonly #lies: Lies;
  /** Writes that are still under way although nobody waits for them. */
  readonly #late: Piece[] = [];
  #isSound = false;

  constructor(model: ModelStore, random: Random, turns: Turns, mood: Mood, lies: Lies) {
    this.model = model;
    this.#random = random;
    this.#turns = turns;
    this.#mood = mood;
    this.#lies = lies;
  }

  /** Lets one late write arrive, or all of them. */
  deliverLate(all = false): void {
    while (this.#late.length > 0) {
      const [piece] = this.#late.splice(this.#random.integer(0, this.#late.length - 1), 1);
      this.model.write(piece!);
      if (!all) return;
    }
  }

  /** From now on nothing fails; writes that are late may still come. */
  heal(): void {
    this.#isSound = true;
  }

  /** The port. What is not counting's is not there. */
  store(): Store {
    const { model } = this;
    const verbs: TermsStore = {
      traits: model.traits,
      getTopic: async (topic) => model.getTopic(topic),
      listTopics: async (after) => (after === undefined ? [...model.topics.values()] : []),
      findEntry: async (ref, at) => {
        await this.#turns.next();
        return "publishedAtMs" in at ? model.findEntry(ref, at.publishedAtMs) : undefined;
      },
      getShard: async (ref) => {
        await this.#turns.next();
        return model.getShard(ref);
      },
      listUncounted: async () => {
        await this.#turns.next();
        return model.listUncounted();
      },
      readEntries: async (ref, fromTicket) => {
        await this.#turns.next();
        const entriesMax = this.#goes(this.#mood.cutting) ? this.#random.integer(1, 3) : Number.POSITIVE_INFINITY;
        const entries = model.readEntries(ref, fromTicket, entriesMax);
        return this.#lies.entries ? entries.map(this.#lies.entries) : entries;
      },
      getSummaries: (keys) => this.#getSummaries(keys),
      listWork: async (scope) => {
        const marks = [];
        for (let level = 1; level <= 5; level++) {
          await this.#turns.next();
          marks.push(...model.listWork(scope, level));
        }
        return marks;
      },
      saveTerms: (change) => this.#saveTerms(change),
    };
    return verbs as Store;
  }

  /** Keys in any order, other calls in between: no snapshot. */
  async #getSummaries(keys: readonly SummaryKey[]): Promise<SummaryRecord[]> {
    const read: SummaryRecord[] = [];
    const cut = this.#random.integer(0, keys.length);
    for (const half of this.#shuffled([keys.slice(0, cut), keys.slice(cut)])) {
      await this.#turns.next();
      for (const key of half) {
        const record = this.model.getSummary(key);
        if (record) read.push(this.#lies.read ? this.#lies.read(record, this.model) : record);
      }
    }
    return read;
  }

  async #saveTerms(change: TermsChange): Promise<boolean> {
    const told = this.#lies.put
      ? { ...change, puts: change.puts.map((put) => this.#lies.put!(put, this.model)) }
      : change;
    for (const step of (this.#lies.steps ?? orderOfThePort)(told)) {
      let holds = true;
      const pieces = this.#shuffled(step);
      for (const [i, piece] of pieces.entries()) {
        await this.#turns.next();
        if (this.#goes(this.#mood.failing)) this.#fail(piece, pieces.slice(i + 1));
        holds = this.#write(piece) && holds;
      }
      if (!holds) return false;
    }
    return true;
  }

  #write(piece: Piece): boolean {
    if (this.#goes(this.#mood.repeating)) this.#late.push(piece);
    return this.model.write(piece);
  }

  /** This write is done, lost or late; the rest of its step is lost or late. */
  #fail(piece: Piece, rest: readonly Piece[]): never {
    const fate = this.#random.integer(0, 2);
    if (fate === 0) this.model.write(piece);
    if (fate === 1) this.#late.push(piece);
    for (const each of rest) if (this.#random.chance(0.5)) this.#late.push(each);
    throw new StoreFault("The store did not answer.");
  }

  #goes(probability: number): boolean {
    return !this.#isSound && this.#random.chance(probability);
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.#random.integer(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }
}
