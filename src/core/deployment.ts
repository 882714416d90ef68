import { BellwetherError } from "#contract/errors.ts";
import type { KnownNames } from "#contract/examples.ts";
import type { FunctionName } from "#contract/operations.ts";
import type { DeployedFunction, FunctionEvent, Invocation, Json } from "#contract/types.ts";

/**
 * What is deployed of the service, and a way to try it: in one process the host answers from itself, in the cloud from
 * what the cloud says. For the admin's eyes only.
 */
export interface Deployment {
  /** One process takes all calls, so that what it counts of its traffic is all there is. */
  readonly isOneProcess: boolean;
  /** Every function, in the order of the operations, then what runs behind the calls. */
  listFunctions(): Promise<readonly DeployedFunction[]>;
  /** Events as the cloud would bring them, filled in for the function. */
  listEvents(name: FunctionName, known: KnownNames): readonly FunctionEvent[];
  /**
   * Runs the function as the cloud would, on the store that is served, within this time. An event that the function
   * cannot make sense of, and a function that fails, are outcomes, not errors.
   */
  invoke(name: FunctionName, event: Json, timeoutMs: number): Promise<Invocation>;
}

/** Where nothing is known of it: no function is listed, and none can be tried. */
export const unknownDeployment: Deployment = {
  isOneProcess: false,
  listFunctions: async () => [],
  listEvents: () => [],
  invoke: () =>
    Promise.reject(
      new BellwetherError("unavailable", "Functions cannot be invoked here: it is not known where they run."),
    ),
};
