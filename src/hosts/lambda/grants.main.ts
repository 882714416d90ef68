import type { OperationName } from "#contract/operations.ts";
import { type TableNeeds, type VerbName, verbNeeds } from "#stores/dynamodb/verb-needs.ts";

/** A function that Lambda runs: one each operation, and those that no operation's route calls. */
export type LambdaFunctionName = OperationName | "describeService" | "countTerms" | "rollUpTerms";

const identify: readonly VerbName[] = ["getPublisher", "getSubscriber"];
const readOn: readonly VerbName[] = ["getTopic", "getShard", "readEntries", "findEntry"];
const ensureTopic: readonly VerbName[] = ["getTopic", "createTopic"];
const openStream: readonly VerbName[] = ["getStreamToken", "putStreamToken"];
const countTerms: readonly VerbName[] = ["getTopic", "listUncounted", "readEntries", "getSummaries", "saveTerms"];

/** What each function asks of the store; its bundle has no other verb. */
export const asks: Readonly<Record<LambdaFunctionName, readonly VerbName[]>> = {
  registerPublisher: [...identify, ...ensureTopic, "createPublisher"],
  listPublishers: [...identify, "listPublishers"],
  getPublisher: identify,
  putPublisherTopics: [...identify, ...ensureTopic, "putPublisherTopics"],
  deletePublisher: [...identify, "deletePublisher"],
  registerSubscriber: [...identify, ...ensureTopic, ...readOn, "createSubscriber"],
  listSubscribers: [...identify, ...readOn, "listSubscribers"],
  getSubscriber: [...identify, ...readOn],
  deleteSubscriber: [...identify, "deleteSubscriber"],
  subscribe: [...identify, ...openStream, ...readOn, "waitForNews", "touchSubscriber", "commitCursor"],
  commitCursor: [...identify, ...readOn, "commitCursor"],
  seekSubscriber: [...identify, ...readOn, "seekSubscriber"],
  createStreamToken: [...identify, "putStreamToken"],
  listTopics: [...identify, ...readOn, "listTopics"],
  putTopic: [...identify, ...ensureTopic, "updateTopic"],
  getTopic: [...identify, ...readOn, "listSubscribers"],
  deleteTopic: [...identify, "deleteTopic"],
  publish: [...identify, "getTopic", "append"],
  browseMessages: [...identify, ...readOn, "waitForNews"],
  getMessage: [...identify, "getTopic", "findEntry"],
  getPopularTerms: [...identify, ...openStream, ...countTerms.filter((verb) => verb !== "saveTerms"), "listWork"],
  rebuildTerms: [...identify, ...readOn, ...countTerms, "listTopics", "listWork"],
  getTopicActivity: [...identify, ...readOn],
  getOverview: [...identify, ...readOn, "listTopics", "listPublishers", "listSubscribers"],
  listFunctions: identify,
  listFunctionEvents: [...identify, "listTopics", "listPublishers", "listSubscribers"],
  invokeFunction: identify,
  listTables: [...identify, "listTables"],
  listTableItems: [...identify, "listTableItems"],
  describeService: [],
  countTerms,
  rollUpTerms: [...countTerms, "listWork", "expire"],
};

/** The rights of each function: infra draws the roles from them, and the emulated stack refuses everything else. */
export const grants: Readonly<Record<LambdaFunctionName, TableNeeds>> = Object.fromEntries(
  Object.entries(asks).map(([name, verbs]) => [name, together(verbs.map((verb) => verbNeeds[verb]))]),
) as Record<LambdaFunctionName, TableNeeds>;

/** All that some allow, in order of names. */
function together(some: readonly TableNeeds[]): TableNeeds {
  const pairs = some.flatMap((each) => Object.entries(each));
  const tables = [...Map.groupBy(pairs, ([table]) => table)];
  return Object.fromEntries(
    tables
      .map(([table, found]) => [table, [...new Set(found.flatMap(([, actions]) => actions))].sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
