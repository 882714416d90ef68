import type { TableMeter } from "./table-meter.ts";

/** What some requests took, in DynamoDB's units: a write unit is 1 KB written, a read unit 4 KB read (8 KB when it may be old). */
export interface Units {
  requests: number;
  writeUnits: number;
  readUnits: number;
}

/** One entry of an answer's `ConsumedCapacity`. */
interface Consumed {
  readonly TableName?: string | undefined;
  readonly CapacityUnits?: number | undefined;
  readonly ReadCapacityUnits?: number | undefined;
  readonly WriteCapacityUnits?: number | undefined;
}

const reading = new Set(["GetItem", "Query", "BatchGetItem", "Scan"]);

/**
 * The capacity that every answered request reports, summed by the verb of the store that asked for it, and in all. Refused
 * conditional writes report nothing and are paid for: they are counted as `refusedWrites`.
 */
export class Consumption {
  readonly #meter: TableMeter | undefined;
  readonly byVerb = new Map<string, Units>();
  readonly total: Units = { requests: 0, writeUnits: 0, readUnits: 0 };
  refusedWrites = 0;

  /** With a meter, what each table gave is summed up in it too. */
  constructor(meter?: TableMeter) {
    this.#meter = meter;
  }

  add(verb: string, operation: string, consumed: readonly Consumed[]): void {
    let units = this.byVerb.get(verb);
    if (!units) {
      units = { requests: 0, writeUnits: 0, readUnits: 0 };
      this.byVerb.set(verb, units);
    }
    const sums = [units, this.total];
    for (const sum of sums) sum.requests += 1;
    for (const { TableName, CapacityUnits = 0, ReadCapacityUnits, WriteCapacityUnits } of consumed) {
      const whole = reading.has(operation);
      const readUnits = ReadCapacityUnits ?? (whole ? CapacityUnits : 0);
      const writeUnits = WriteCapacityUnits ?? (whole ? 0 : CapacityUnits);
      for (const sum of sums) {
        sum.readUnits += readUnits;
        sum.writeUnits += writeUnits;
      }
      this.#meter?.add(TableName, readUnits, writeUnits);
    }
  }

  reset(): void {
    this.byVerb.clear();
    this.refusedWrites = 0;
    Object.assign(this.total, { requests: 0, writeUnits: 0, readUnits: 0 });
  }
}
