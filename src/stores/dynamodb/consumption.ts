/** What some requests took, in DynamoDB's units: a write unit is 1 KB written, a read unit 4 KB read (8 KB when it may be old). */
export interface Units {
  requests: number;
  writeUnits: number;
  readUnits: number;
}

/** One entry of an answer's `ConsumedCapacity`. */
interface Consumed {
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
  readonly byVerb = new Map<string, Units>();
  readonly total: Units = { requests: 0, writeUnits: 0, readUnits: 0 };
  refusedWrites = 0;

  add(verb: string, operation: string, consumed: readonly Consumed[]): void {
    let units = this.byVerb.get(verb);
    if (!units) {
      units = { requests: 0, writeUnits: 0, readUnits: 0 };
      this.byVerb.set(verb, units);
    }
    for (const sum of [units, this.total]) {
      sum.requests += 1;
      for (const { CapacityUnits = 0, ReadCapacityUnits, WriteCapacityUnits } of consumed) {
        const whole = reading.has(operation);
        sum.readUnits += ReadCapacityUnits ?? (whole ? CapacityUnits : 0);
        sum.writeUnits += WriteCapacityUnits ?? (whole ? 0 : CapacityUnits);
      }
    }
  }

  reset(): void {
    this.byVerb.clear();
    this.refusedWrites = 0;
    Object.assign(this.total, { requests: 0, writeUnits: 0, readUnits: 0 });
  }
}
