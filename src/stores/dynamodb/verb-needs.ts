import type { Store } from "#core/store.ts";
import { type TableName, tableDefinitions } from "./tables.ts";

/** What the port asks of a store. */
export type VerbName = Exclude<keyof Store, "traits" | "close">;

/** What an action of DynamoDB is called by IAM. A transaction needs those of its parts. */
export type TableAction =
  | "BatchGetItem"
  | "BatchWriteItem"
  | "DeleteItem"
  | "DescribeTable"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "Scan"
  | "UpdateItem";

/** What is done, or may be done, to which table. */
export type TableNeeds = Readonly<Partial<Record<TableName, readonly TableAction[]>>>;

/** What each verb does to which table; the store's tests hold it to what it does. Rights are drawn from it. */
export const verbNeeds: Readonly<Record<VerbName, TableNeeds>> = {
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
  listTables: each("DescribeTable"),
  listTableItems: each("Scan"),
};

function each(action: TableAction): TableNeeds {
  return Object.fromEntries(tableDefinitions.map(({ name }) => [name, [action]]));
}
