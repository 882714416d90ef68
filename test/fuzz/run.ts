import fc from "fast-check";
import { Coverage } from "./coverage.ts";
import { type Described, type Document, errorCodesOf, operationsOf } from "./document.ts";
import { createOracle } from "./oracle.ts";
import { type Plan, plans } from "./plans.ts";
import { type Rendered, render } from "./render.ts";
import { bytesOf, Caller } from "./wire.ts";
import { World } from "./world.ts";

export interface FuzzTarget {
  readonly port: number;
  /** None: the service is open. */
  readonly adminKey?: string;
}

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Calls that are under way at once. */
  readonly callers: number;
  /** A run ends after so many findings. */
  readonly findingsMax: number;
  /** The service has limits that the run passes. */
  readonly mayBeFull?: boolean;
  readonly progress?: (requests: number, findings: number) => void;
}

/** A request that was answered otherwise than it may be. */
export interface Finding {
  /** The how-manyth request of the run. */
  readonly request: number;
  readonly why: string;
  /** The request's first bytes, as a JSON string. */
  readonly bytes: string;
}

export interface FuzzResult {
  readonly requests: number;
  readonly findings: readonly Finding[];
  readonly coverage: Coverage;
  readonly missing: ReturnType<Coverage["missing"]>;
}

/** Plans are made so many at a time. */
const batch = 200;

/**
 * Calls a running service with requests made from its own /openapi.json, and holds each answer to it. The plans follow
 * from the seed; ids, tokens and cursors in them, and how calls overlap, do not.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions, description?: Document): Promise<FuzzResult> {
  const address = `http://127.0.0.1:${target.port}/openapi.json`;
  const document = description ?? ((await (await fetch(address)).json()) as Document);
  const operations = operationsOf(document);
  const run = new Run(document, target, operations, options.mayBeFull ?? false);
  const arbitrary = plans(operations);
  for (let begun = 0; begun < options.requests && run.findings.length < options.findingsMax; begun += batch) {
    const size = Math.min(batch, options.requests - begun);
    await run.calls(fc.sample(arbitrary, { seed: options.seed + begun, numRuns: size }), options);
    options.progress?.(begun + size, run.findings.length);
  }
  run.close();
  const { requests, findings, coverage } = run;
  return { requests, findings, coverage, missing: coverage.missing(operations, errorCodesOf(document)) };
}

class Run {
  readonly coverage: Coverage = new Coverage();
  readonly findings: Finding[] = [];
  requests = 0;
  readonly #oracle: ReturnType<typeof createOracle>;
  readonly #world: World;
  readonly #target: FuzzTarget;
  readonly #paths: readonly { readonly id: string; readonly method: string; readonly pattern: RegExp }[];
  #callers: Caller[] = [];

  constructor(document: Document, target: FuzzTarget, operations: readonly Described[], mayBeFull: boolean) {
    this.#oracle = createOracle(document, { mayBeFull });
    this.#world = new World(target.adminKey);
    this.#target = target;
    this.#paths = operations.map(({ id, method, path }) => ({
      id,
      method,
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/?]+")}(\\?|$)`),
    }));
  }

  async calls(batch: readonly Plan[], { callers, findingsMax }: FuzzOptions): Promise<void> {
    while (this.#callers.length < callers) this.#callers.push(new Caller(this.#target.port));
    const left = [...batch].reverse();
    await Promise.all(
      this.#callers.map(async (caller) => {
        for (let plan = left.pop(); plan && this.findings.length < findingsMax; plan = left.pop())
          await this.#call(plan, caller);
      }),
    );
  }

  close(): void {
    for (const caller of this.#callers) caller.close();
  }

  async #call(plan: Plan, caller: Caller): Promise<void> {
    const rendered = render(plan, this.#world);
    this.requests += 1;
    const request = this.requests;
    try {
      const outcome = await caller.send(rendered.request);
      if ("hung" in outcome) throw new Error("neither an answer nor an end of the connection in time");
      if ("answer" in outcome) this.#judge(plan, rendered, outcome.answer);
      else if (!mayEnd(rendered)) throw new Error("the connection ended without an answer");
    } catch (error) {
      const bytes = JSON.stringify(bytesOf(rendered.request).toString("latin1", 0, 1_500));
      const twists = plan.twists.map(({ name, n }) => `${name} ${n}`).join(", ");
      this.findings.push({ request, why: `${(error as Error).message} [${twists}]`, bytes });
    }
  }

  /** What a request is for when all changes are made to it. */
  #operationAt({ method, target }: Rendered["request"]): string {
    const found = this.#paths.find((each) => each.method === method && each.pattern.test(target));
    return found?.id ?? "(none)";
  }

  #judge(plan: Plan, rendered: Rendered, answer: Parameters<ReturnType<typeof createOracle>>[2]): void {
    this.coverage.add(this.#operationAt(rendered.request), answer.status, answer.json?.code);
    this.#oracle(plan, rendered, answer);
    this.#world.learn({ operation: plan.operation, path: rendered.path }, answer);
  }
}

/** A caller that leaves gets no answer; nor does CONNECT, which node:http ends as nobody takes it. */
function mayEnd({ request }: Rendered): boolean {
  return request.cutAt !== undefined || request.halfAt !== undefined || request.method === "CONNECT";
}
