import type { Store } from "#core/store.ts";
import type { Caps } from "#terms/windows.ts";

/** The store with room for fewer terms in its summaries than it would have, so that they are pruned. */
export function withCaps(store: Store, caps: Caps): Store {
  const traits = { ...store.traits, caps };
  return new Proxy(store, {
    get(target, name) {
      if (name === "traits") return traits;
      const verb = Reflect.get(target, name);
      return typeof verb === "function" ? verb.bind(target) : verb;
    },
  });
}
