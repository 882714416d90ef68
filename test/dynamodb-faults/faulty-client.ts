import type { DynamoClient } from "#stores/dynamodb/client.ts";
import { type ModelDynamoDb, ModelError, type Request } from "./model-dynamodb.ts";
import type { SimulatedProcess, World } from "./world.ts";

/** How often what goes wrong does, per request: each run has its own mood. */
export interface Mood {
  /** Done, and the answer lost. */
  readonly lostAnswer: number;
  /** Not done, and no answer. */
  readonly lostRequest: number;
  /** Done long after it was given up. */
  readonly late: number;
  /** Done a second time, long after. */
  readonly twice: number;
  /** Refused for now. */
  readonly throttled: number;
  /** How old an eventually consistent read can be. */
  readonly staleMs: number;
  /** How long an answer takes. */
  readonly answerMs: number;
  /** The process stops for a while at this request, before it is sent. */
  readonly frozen: number;
}

export const calm: Mood = {
  lostAnswer: 0,
  lostRequest: 0,
  late: 0,
  twice: 0,
  throttled: 0,
  staleMs: 0,
  answerMs: 2,
  frozen: 0,
};

/** What a broken variant of the protocol sends instead. */
export type Lie = (request: Request) => Request;

/** How long a request that gets no answer is waited for. */
const timeoutMs = 3_000;

/** A client of one process over the model: each request and each answer takes its time, and may be lost, late or twice. */
export function faultyClient(
  world: World,
  model: ModelDynamoDb,
  process: SimulatedProcess,
  moodNow: () => Mood,
  lie: Lie = (request) => request,
): DynamoClient {
  const { random } = world;
  const send = (command: { constructor: { name: string }; input: object }): Promise<object> => {
    const mood = moodNow();
    const request = lie({ operation: command.constructor.name.replace("Command", ""), input: command.input });
    const run = (): object => model.run(request, world.nowMs, Math.floor(random.next() * mood.staleMs));
    const runUnheard = (): void => {
      try {
        run();
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
      }
    };
    if (random.chance(mood.frozen))
      process.frozenUntilMs = world.nowMs + random.pick([200, 3_000, 40_000, 40_000]) * (0.5 + random.next());
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void, ms = random.next() * mood.answerMs): void => world.after(ms, settle, process);
      const fail = (name: string, ms?: number): void => answer(() => reject(new ModelError(name)), ms);
      const isWrite = !/Get|Query/.test(request.operation);
      // It is sent by the process, and from then on on its way whatever becomes of the process.
      answer(() => {
        if (random.chance(mood.throttled)) return fail("ThrottlingException");
        if (random.chance(mood.lostRequest)) return fail("TimeoutError", timeoutMs);
        if (isWrite && random.chance(mood.late)) {
          world.after(random.next() * random.pick([5_000, 60_000]), runUnheard);
          return fail("TimeoutError", timeoutMs);
        }
        if (isWrite && random.chance(mood.twice)) world.after(random.next() * 60_000, runUnheard);
        world.after(random.next() * mood.answerMs, () => {
          try {
            const output = run();
            if (random.chance(mood.lostAnswer)) fail("TimeoutError", timeoutMs);
            else answer(() => resolve(output));
          } catch (error) {
            answer(() => reject(error));
          }
        });
      }, 0);
    });
  };
  return { send, destroy() {} };
}
