import { AsyncLocalStorage } from "node:async_hooks";
import type { Store } from "#core/store.ts";
import type { DynamoClient } from "./client.ts";

/** What verbs were seen to do, as `append Messages PutItem`. */
export class Recorder {
  readonly seen = new Set<string>();
  readonly #verb = new AsyncLocalStorage<string>();

  /** A client that notes what the verb that is under way asks of which table, its name without the prefix. */
  client(client: DynamoClient, prefix: string): DynamoClient {
    return {
      send: (command, options) => {
        const verb = this.#verb.getStore();
        const operation = command.constructor.name.replace(/Command$/, "");
        for (const [table, action] of partsOf(operation, command.input))
          if (verb) this.seen.add(`${verb} ${table.slice(prefix.length)} ${action}`);
        return client.send(command, options);
      },
      destroy: () => client.destroy(),
    };
  }

  /** The store, each of its calls under the name of its verb. */
  store(store: Store): Store {
    const wrapped = Object.entries(store).map(([name, value]) => [
      name,
      typeof value === "function" && name !== "close"
        ? (...args: unknown[]) => this.#verb.run(name, () => value(...args))
        : value,
    ]);
    return Object.fromEntries(wrapped);
  }
}

type Input = Record<string, unknown>;

function partsOf(operation: string, input: Input): [table: string, action: string][] {
  if (operation === "TransactWriteItems")
    return (input.TransactItems as Record<string, Input>[]).flatMap((item) =>
      Object.entries(item).map(([kind, part]): [string, string] => [String(part.TableName), `${kind}Item`]),
    );
  if (operation.startsWith("Batch"))
    return Object.keys(input.RequestItems as object).map((table) => [table, operation]);
  return [[String(input.TableName), operation]];
}
