import type { FunctionName } from "./operations.ts";

/** What each function is for, in a sentence: for people, so that a bundle which serves calls need not carry it. */
export const summaries: Readonly<Record<FunctionName, string>> = {
  registerPublisher: "Register a publisher for up to ten topics; its token is shown once.",
  listPublishers: "List the publishers, a page at a time.",
  getPublisher: "Read one publisher.",
  putPublisherTopics: "Replace the topics that a publisher may publish to.",
  deletePublisher: "Delete a publisher; its token ends, its messages stay.",
  registerSubscriber: "Register a subscriber for up to ten topics, from where it says; its token is shown once.",
  listSubscribers: "List the subscribers, a page at a time.",
  getSubscriber: "Read one subscriber with its cursor, lag and last activity.",
  deleteSubscriber: "Delete a subscriber with its cursor; its token ends.",
  subscribe: "Read the next messages in order: at once, by long poll, or as an event stream.",
  commitCursor: "Acknowledge everything before a cursor.",
  seekSubscriber: "Move a subscriber anywhere, forwards or back.",
  createStreamToken: "Make a short-lived token for the URL of an EventSource.",
  listTopics: "List the topics, a page at a time.",
  putTopic: "Create a topic, or change what can be changed of it.",
  getTopic: "Read a topic's settings and state.",
  deleteTopic: "Delete a topic with its messages and terms.",
  publish: "Publish one message or a batch; answered when it is durable.",
  browseMessages: "Look at a topic's messages without consuming them; as an event stream, a live tail.",
  getTopicActivity: "Read how many messages of a topic were published in each of many equal stretches of time.",
  getMessage: "Read one message.",
  getPopularTerms:
    "Ask which terms are popular or rising in a window, with a stated error; as an event stream, whenever that changes.",
  rebuildTerms:
    "Count the terms of past hours anew from the log, a part with each call, and switch to them at the end.",
  getOverview: "Read what the service holds and carries in one answer, for a dashboard.",
  listFunctions: "List the functions with where they run and how they do.",
  listFunctionEvents: "List events to try a function with, filled in for it.",
  invokeFunction: "Run a function with an event, as the cloud would, and see its result and logs.",
  listTables: "List the tables of the store with what is known of them.",
  listTableItems: "Look at the items of a table, a page at a time; secrets are left out and long texts cut.",
  countTerms: "Count the terms of what was published, woken by new messages and by a sweep.",
  rollUpTerms: "Roll counted buckets up into longer ones.",
  expire: "Forget what has expired, in small steps.",
};
