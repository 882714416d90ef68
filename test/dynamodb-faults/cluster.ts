import type { Random } from "../random.ts";
import { calm, type Lie, type Mood } from "./faulty-client.ts";
import { ModelDynamoDb } from "./model-dynamodb.ts";
import { type Process, startProcess } from "./processes.ts";
import { World } from "./world.ts";

const processesAtOnce = 3;

/** Some processes over one DynamoDB, which fails in the mood of the run unless all is calm. */
export class Cluster {
  readonly random: Random;
  readonly world: World;
  readonly model: ModelDynamoDb = new ModelDynamoDb();
  isCalm = true;
  readonly #mood: Mood;
  readonly #lie: Lie | undefined;
  readonly #processes: Process[] = [];

  constructor(random: Random, nowMs: number, lie: Lie | undefined) {
    this.random = random;
    this.world = new World(random, nowMs);
    this.#lie = lie;
    const rate = (...rates: number[]): number => random.pick(rates);
    this.#mood = {
      lostAnswer: rate(0, 0.02, 0.1),
      lostRequest: rate(0, 0.02, 0.05),
      late: rate(0, 0.02, 0.1),
      twice: rate(0, 0.05, 0.2),
      throttled: rate(0, 0, 0.1),
      staleMs: rate(0, 100, 1_500),
      answerMs: rate(5, 30, 400),
      frozen: rate(0, 0.01, 0.05),
    };
    for (let i = 0; i < processesAtOnce; i++) this.#processes.push(this.#start());
  }

  /** Any of the processes. */
  process(): Process {
    return this.random.pick(this.#processes);
  }

  /** Kills one in a moment, and starts another in its place. */
  killSoon(): void {
    this.world.after(this.random.integer(0, 2_000), () => {
      if (this.isCalm) return;
      const i = this.random.integer(0, this.#processes.length - 1);
      this.#processes[i]!.kill();
      this.#processes[i] = this.#start();
    });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.world.after(ms, resolve));
  }

  /** Lets time pass until the work is done. */
  async alone(work: () => Promise<void>): Promise<void> {
    const done = work();
    await this.world.until(done);
    await done;
  }

  #start(): Process {
    return startProcess(this.world, this.model, () => (this.isCalm ? calm : this.#mood), this.#lie);
  }
}
