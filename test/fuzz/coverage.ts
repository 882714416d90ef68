import type { Described } from "./document.ts";

/** Which answers a run has had: how often each operation gave each status, and each error code was seen. */
export class Coverage {
  readonly #statuses = new Map<string, Map<number, number>>();
  readonly #codes = new Map<string, number>();

  add(operation: string, status: number, code: string | undefined): void {
    const own = this.#statuses.get(operation) ?? new Map<number, number>();
    this.#statuses.set(operation, own);
    own.set(status, (own.get(status) ?? 0) + 1);
    if (code !== undefined) this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
  }

  /** How many pairs of operation and status were seen. */
  get reached(): number {
    return [...this.#statuses.values()].reduce((sum, statuses) => sum + statuses.size, 0);
  }

  /** Described statuses and codes that were not seen. */
  missing(operations: readonly Described[], codes: readonly string[]): { statuses: string[]; codes: string[] } {
    return {
      statuses: operations.flatMap(({ id, statuses }) =>
        statuses.filter((status) => !this.#statuses.get(id)?.has(status)).map((status) => `${id} ${status}`),
      ),
      codes: codes.filter((code) => !this.#codes.has(code)),
    };
  }

  /** A line for each operation, then one for the codes. */
  lines(): string[] {
    const counts = (each: ReadonlyMap<unknown, number>): string =>
      [...each]
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
        .map(([key, count]) => `${key}: ${count}`)
        .join("  ");
    return [
      ...[...this.#statuses].map(([operation, statuses]) => `${operation.padEnd(20)} ${counts(statuses)}`),
      `codes: ${counts(this.#codes)}`,
    ];
  }
}
