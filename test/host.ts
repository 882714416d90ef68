/**
 * The host and store that the end-to-end tests run on, by `BELLWETHER_TEST_HOST`, and what is different there by its nature.
 * A test that rests on such a difference asks for it here; every other test must pass on all of them unchanged.
 */
export interface HostTraits {
  readonly name: "local" | "in-process" | "dynamodb" | "functions" | "lambda";
  /** An event stream gives what there is and ends; the reader comes again. */
  readonly finiteStreams: boolean;
  /** What it measures is read at `/metrics`; on Lambda it goes to CloudWatch, and inside a process it is that one's affair. */
  readonly metricsPage: boolean;
  /** It holds connections itself: how many streams, how slow a reader, when it stops. */
  readonly holdsConnections: boolean;
  /** How many calls can be open at once: each is a process on the emulated stack, which two cores start slowly. */
  readonly openCallsMax: number;
  /** Answers about terms are as of now; where other processes may publish too, as of half a minute ago. */
  readonly countsAsOfNow: boolean;
  /** One process takes all calls: it knows its traffic, and its functions can be seen and tried. */
  readonly isOneProcess: boolean;
  /** An open service that only this machine reaches lets anyone do everything; on Lambda anybody could reach it. */
  readonly openAdmin: boolean;
  /** A bucket of ten seconds holds all terms of a book's pages. Where its bytes cost money it holds 1,024, and says its error. */
  readonly countsPagesExactly: boolean;
  /** It knows where its functions run, so that one can be tried; in the cloud they do not know it themselves. */
  readonly triesFunctions: boolean;
  /** What the table of topics is called. */
  readonly topicsTable: string;
  /** A ticket that was taken and not used leaves a hole in the sequences of its shard. */
  readonly leavesHoles: boolean;
}

const server = {
  finiteStreams: false,
  metricsPage: true,
  holdsConnections: true,
  openCallsMax: 10_000,
  countsAsOfNow: true,
  countsPagesExactly: true,
  isOneProcess: true,
  openAdmin: true,
  triesFunctions: true,
  topicsTable: "topics",
  leavesHoles: false,
};
const serverless = {
  finiteStreams: true,
  metricsPage: false,
  holdsConnections: false,
  isOneProcess: false,
  openAdmin: false,
  triesFunctions: false,
};

const manyProcesses = {
  countsAsOfNow: false,
  countsPagesExactly: false,
  leavesHoles: true,
  isOneProcess: false,
  topicsTable: "Topics",
};

const hosts: Readonly<Record<HostTraits["name"], HostTraits>> = {
  /** `npm start`: one process, SQLite. */
  local: { name: "local", ...server },
  /** The service without a socket over the memory store, called by its `fetch`; the socket is the tests' own. */
  "in-process": { name: "in-process", ...server, metricsPage: false },
  /** `npm start` over DynamoDB. */
  dynamodb: { name: "dynamodb", ...server, ...manyProcesses },
  /** The Lambda functions in the tests' process behind the emulated gateway, over the memory store. */
  functions: {
    name: "functions",
    ...serverless,
    openCallsMax: 10_000,
    countsAsOfNow: true,
    countsPagesExactly: true,
    topicsTable: "topics",
    leavesHoles: false,
  },
  /** `npm run start:lambda`: the built bundles as processes, behind the emulated gateway, over DynamoDB. */
  lambda: { name: "lambda", ...serverless, openCallsMax: 8, ...manyProcesses },
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
