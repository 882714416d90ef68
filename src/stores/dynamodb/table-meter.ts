import type { Table } from "#contract/types.ts";
import { timeToString } from "#core/clock.ts";
import { type TableName, tableDefinitions } from "./tables.ts";

/** Memory of meters since a time. Threads share it, so that the store of one can tell what that of another took. */
export interface MeterMemory {
  readonly sinceMs: number;
  /** Written by this store alone. */
  readonly own: SharedArrayBuffer;
  /** Of the stores beside it. */
  readonly others: readonly SharedArrayBuffer[];
}

/** Room for the read and write units of each table, as 64-bit floats. */
export function createMeterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(tableDefinitions.length * 2 * Float64Array.BYTES_PER_ELEMENT);
}

/** Adds up what requests took in DynamoDB's units, table by table. */
export class TableMeter {
  readonly #sinceMs: number;
  readonly #own: Float64Array;
  readonly #all: readonly Float64Array[];

  constructor({ sinceMs, own, others }: MeterMemory) {
    this.#sinceMs = sinceMs;
    this.#own = new Float64Array(own);
    this.#all = [this.#own, ...others.map((each) => new Float64Array(each))];
  }

  /** `tableName` as an answer gives it, with its prefix. */
  add(tableName: string | undefined, readUnits: number, writeUnits: number): void {
    const at = tableDefinitions.findIndex(({ name }) => tableName?.endsWith(name));
    if (at < 0) return;
    this.#own[at * 2]! += readUnits;
    this.#own[at * 2 + 1]! += writeUnits;
  }

  capacityOf(table: TableName): Table["capacity"] {
    const at = tableDefinitions.findIndex(({ name }) => name === table);
    const sum = (index: number): number => this.#all.reduce((units, each) => units + each[index]!, 0);
    return { since: timeToString(this.#sinceMs), readUnits: sum(at * 2), writeUnits: sum(at * 2 + 1) };
  }
}
