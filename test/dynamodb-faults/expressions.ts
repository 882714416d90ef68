import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** The values and names that an expression's placeholders stand for. */
export interface Placeholders {
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>> | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
}

export type Item = Record<string, AttributeValue>;

/*
 * The part of DynamoDB's expressions that the store uses: conditions of AND, OR, brackets, `attribute_exists`,
 * `attribute_not_exists`, `=`, `<`, `<=`; updates of SET with `+` and `if_not_exists`, ADD of numbers, REMOVE.
 */

export function holds(expression: string | undefined, item: Item | undefined, placeholders: Placeholders): boolean {
  if (expression === undefined) return true;
  const parser = new Parser(expression, item ?? {}, placeholders);
  const result = parser.or();
  parser.end();
  return result;
}

/** The item after an update; all values are of before it. */
export function updated(expression: string, item: Item | undefined, key: Item, placeholders: Placeholders): Item {
  const before = item ?? {};
  const after: Item = { ...key, ...before };
  const clauses = expression.split(/\b(?=SET |ADD |REMOVE )/).map((clause) => clause.trim());
  for (const clause of clauses) {
    const [verb] = clause.split(" ", 1) as [string];
    for (const action of splitList(clause.slice(verb.length + 1))) {
      if (verb === "REMOVE") delete after[nameOf(action, placeholders)];
      else if (verb === "ADD") {
        const [name, value] = action.split(" ") as [string, string];
        const parser = new Parser(value, before, placeholders);
        const path = nameOf(name, placeholders);
        after[path] = { N: String(Number(before[path]?.N ?? 0) + Number(parser.operand()!.N)) };
      } else {
        const [name, value] = action.split(" = ") as [string, string];
        const parser = new Parser(value, before, placeholders);
        after[nameOf(name, placeholders)] = parser.sum();
        parser.end();
      }
    }
  }
  return after;
}

function splitList(text: string): string[] {
  return text.split(/,\s*(?![^(]*\))/).map((part) => part.trim());
}

function nameOf(name: string, { ExpressionAttributeNames }: Placeholders): string {
  return name.startsWith("#") ? ExpressionAttributeNames![name]! : name;
}

class Parser {
  readonly #tokens: string[];
  readonly #item: Item;
  readonly #placeholders: Placeholders;
  #at = 0;

  constructor(text: string, item: Item, placeholders: Placeholders) {
    this.#tokens = text.match(/[:#]?\w+|<=|[=<(),+]/g) ?? [];
    this.#item = item;
    this.#placeholders = placeholders;
  }

  end(): void {
    if (this.#at !== this.#tokens.length) throw new Error(`Not understood: ${this.#tokens.slice(this.#at).join(" ")}`);
  }

  or(): boolean {
    let result = this.#and();
    while (this.#take("OR")) result = this.#and() || result;
    return result;
  }

  #and(): boolean {
    let result = this.#term();
    while (this.#take("AND")) result = this.#term() && result;
    return result;
  }

  #term(): boolean {
    if (this.#take("(")) {
      const result = this.or();
      this.#expect(")");
      return result;
    }
    for (const [name, expected] of [
      ["attribute_exists", true],
      ["attribute_not_exists", false],
    ] as const) {
      if (!this.#take(name)) continue;
      this.#expect("(");
      const exists = this.operand() !== undefined;
      this.#expect(")");
      return exists === expected;
    }
    const left = this.operand();
    const comparator = this.#tokens[this.#at++]!;
    return compares(left, comparator, this.operand());
  }

  sum(): AttributeValue {
    const left = this.#value();
    if (!this.#take("+")) return left;
    return { N: String(Number(left.N) + Number(this.#value().N)) };
  }

  #value(): AttributeValue {
    if (!this.#take("if_not_exists")) return known(this.operand());
    this.#expect("(");
    const name = this.operand();
    this.#expect(",");
    const otherwise = this.operand();
    this.#expect(")");
    return known(name ?? otherwise);
  }

  operand(): AttributeValue | undefined {
    const token = this.#tokens[this.#at++]!;
    if (token.startsWith(":")) return this.#placeholders.ExpressionAttributeValues![token];
    return this.#item[nameOf(token, this.#placeholders)];
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`Expected ${token}: ${this.#tokens.join(" ")}`);
  }
}

function known(value: AttributeValue | undefined): AttributeValue {
  if (value) return value;
  throw Object.assign(new Error("The expression names an attribute that is not there."), {
    name: "ValidationException",
  });
}

function compares(left: AttributeValue | undefined, comparator: string, right: AttributeValue | undefined): boolean {
  if (!left || !right || typeOf(left) !== typeOf(right)) return false;
  const order =
    left.N !== undefined ? Number(left.N) - Number(right.N) : left.S! < right.S! ? -1 : left.S === right.S ? 0 : 1;
  return comparator === "=" ? order === 0 : comparator === "<" ? order < 0 : order <= 0;
}

function typeOf(value: AttributeValue): string {
  return Object.keys(value)[0]!;
}
