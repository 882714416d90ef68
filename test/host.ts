/**
 * The host that the end-to-end tests run on, by `BELLWETHER_TEST_HOST`, and what is different on it by its nature. A test
 * that rests on such a difference asks for it here; every other test must pass on all of them unchanged.
 */
export interface HostTraits {
  readonly name: "local" | "functions" | "lambda";
  /** An event stream gives what there is and ends; the reader comes again. */
  readonly finiteStreams: boolean;
  /** What it measures is read at `/metrics`; on Lambda it goes to CloudWatch. */
  readonly metricsPage: boolean;
  /** It holds connections itself: how many streams, how slow a reader, when it stops. */
  readonly holdsConnections: boolean;
  /** How many calls can be open at once; each is a process on the emulated stack. */
  readonly openCallsMax: number;
}

const hosts: Readonly<Record<HostTraits["name"], HostTraits>> = {
  /** `npm start`: one process, SQLite. */
  local: { name: "local", finiteStreams: false, metricsPage: true, holdsConnections: true, openCallsMax: 10_000 },
  /** The Lambda functions in the tests' process behind the emulated gateway, over the memory store. */
  functions: {
    name: "functions",
    finiteStreams: true,
    metricsPage: false,
    holdsConnections: false,
    openCallsMax: 10_000,
  },
  /** `npm run start:lambda`: the built bundles as processes, behind the emulated gateway, over a store that they share. */
  lambda: { name: "lambda", finiteStreams: true, metricsPage: false, holdsConnections: false, openCallsMax: 30 },
};

const name = process.env.BELLWETHER_TEST_HOST ?? "local";
if (!(name in hosts)) throw new Error(`BELLWETHER_TEST_HOST is "${name}"; it must be one of ${Object.keys(hosts)}.`);

export const host: HostTraits = hosts[name as HostTraits["name"]];

/** The pages that belong to the host. */
export const hostPages: readonly string[] = ["/healthz", ...(host.metricsPage ? ["/metrics"] : []), "/openapi.json"];

/** For a test that this host cannot pass by its nature: false, or the reason why it is skipped. */
export function unless(holds: boolean, reason: string): false | string {
  return holds ? false : `on the host "${host.name}": ${reason}`;
}
