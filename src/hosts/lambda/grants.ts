import type { OperationName } from "#contract/operations.ts";
import type { Store } from "#core/store.ts";

/** What an action of DynamoDB is called by IAM. A transaction needs those of its parts. */
export type TableAction =
  | "BatchGetItem"
  | "BatchWriteItem"
  | "DeleteItem"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "UpdateItem";

/** The tables of the store, by the names that it gives them. */
export type TableName = "Topics" | "Publishers" | "Subscribers" | "Messages" | "WordCount";

/** What a function may do to which table. */
export type Grants = Readonly<Partial<Record<TableName, readonly TableAction[]>>>;

/** A function that Lambda runs: one each operation, and those that no operation's route calls. */
export type LambdaFunctionName = OperationName | "describeService" | "countTerms" | "rollUpTerms";

type Verb = Exclude<keyof Store, "traits" | "close">;

/** What each verb of the DynamoDB store does to which table. */
const needs: Readonly<Record<Verb, Grants>> = {
  createTopic: { Topics: ["GetItem", "PutItem", "UpdateItem"] },
  getTopic: { Topics: ["GetItem"] },
  updateTopic: { Topics: ["GetItem", "UpdateItem"] },
  listTopics: { Topics: ["Query"] },
  deleteTopic: { Topics: ["GetItem", "PutItem", "UpdateItem"] },
  createPublisher: { Publishers: ["PutItem"], Topics: ["GetItem", "UpdateItem"] },
  getPublisher: { Publishers: ["GetItem"] },
  listPublishers: { Publishers: ["Query"] },
  putPublisherTopics: { Publishers: ["UpdateItem"] },
  deletePublisher: { Publishers: ["DeleteItem"], Topics: ["UpdateItem"] },
  createSubscriber: { Subscribers: ["PutItem"], Topics: ["GetItem", "UpdateItem"] },
  getSubscriber: { Subscribers: ["GetItem"] },
  listSubscribers: { Subscribers: ["BatchGetItem", "Query"] },
  deleteSubscriber: { Subscribers: ["DeleteItem", "GetItem"], Topics: ["UpdateItem"] },
  commitCursor: { Subscribers: ["GetItem", "UpdateItem"] },
  seekSubscriber: { Subscribers: ["GetItem", "UpdateItem"] },
  touchSubscriber: { Subscribers: ["UpdateItem"] },
  putStreamToken: { Subscribers: ["PutItem"] },
  getStreamToken: { Subscribers: ["GetItem"] },
  append: {
    Topics: ["GetItem", "PutItem", "UpdateItem"],
    Messages: ["GetItem", "PutItem"],
    Publishers: ["GetItem", "PutItem", "UpdateItem"],
  },
  readEntries: { Topics: ["GetItem"], Messages: ["PutItem", "Query"] },
  getShard: { Topics: ["GetItem"] },
  findEntry: { Topics: ["GetItem"], Messages: ["PutItem", "Query"] },
  waitForNews: { Topics: ["BatchGetItem"] },
  listUncounted: { Topics: ["BatchGetItem", "Query"] },
  getSummaries: { WordCount: ["BatchGetItem", "GetItem"] },
  listWork: { WordCount: ["Query"] },
  saveTerms: { Topics: ["UpdateItem"], WordCount: ["BatchWriteItem", "DeleteItem", "PutItem", "Query", "UpdateItem"] },
  expire: {
    Topics: ["BatchGetItem", "DeleteItem", "GetItem", "Query", "UpdateItem"],
    Messages: ["BatchWriteItem", "Query"],
    WordCount: ["BatchWriteItem", "DeleteItem", "Query"],
  },
};

const identify: readonly Verb[] = ["getPublisher", "getSubscriber"];
const readOn: readonly Verb[] = ["getTopic", "getShard", "readEntries", "findEntry"];
const ensureTopic: readonly Verb[] = ["getTopic", "createTopic"];
const openStream: readonly Verb[] = ["getStreamToken", "putStreamToken"];
const countTerms: readonly Verb[] = ["getTopic", "listUncounted", "readEntries", "getSummaries", "saveTerms"];

/** What each function asks of the store; its bundle has no other verb. */
export const asks: Readonly<Record<LambdaFunctionName, readonly Verb[]>> = {
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
  describeService: [],
  countTerms,
  rollUpTerms: [...countTerms, "listWork", "expire"],
};

/** The rights of each function: infra draws the roles from them, and the emulated stack refuses everything else. */
export const grants: Readonly<Record<LambdaFunctionName, Grants>> = Object.fromEntries(
  Object.entries(asks).map(([name, verbs]) => [name, together(verbs.map((verb) => needs[verb]))]),
) as Record<LambdaFunctionName, Grants>;

/** All that some allow, in order of names. */
function together(some: readonly Grants[]): Grants {
  const pairs = some.flatMap((each) => Object.entries(each));
  const tables = [...Map.groupBy(pairs, ([table]) => table)];
  return Object.fromEntries(
    tables
      .map(([table, found]) => [table, [...new Set(found.flatMap(([, actions]) => actions))].sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
