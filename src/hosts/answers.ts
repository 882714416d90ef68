import type { OperationName } from "#contract/operations.ts";
import {
  browseMessagesRequest,
  commitCursorRequest,
  createStreamTokenRequest,
  deletePublisherRequest,
  deleteSubscriberRequest,
  deleteTopicRequest,
  getMessageRequest,
  getOverviewRequest,
  getPopularTermsRequest,
  getPublisherRequest,
  getSubscriberRequest,
  getTopicActivityRequest,
  getTopicRequest,
  invokeFunctionRequest,
  listFunctionEventsRequest,
  listFunctionsRequest,
  listPublishersRequest,
  listSubscribersRequest,
  listTableItemsRequest,
  listTablesRequest,
  listTopicsRequest,
  publishRequest,
  putPublisherTopicsRequest,
  putTopicRequest,
  type RequestSchema,
  rebuildTermsRequest,
  registerPublisherRequest,
  registerSubscriberRequest,
  seekSubscriberRequest,
  subscribeRequest,
} from "#contract/request-schemas.ts";
import type { Caller } from "#functions/access.ts";
import { type BrowseInput, browseMessages, browseStream } from "#functions/browse-messages.ts";
import { commitCursor } from "#functions/commit-cursor.ts";
import type { Context } from "#functions/context.ts";
import { createStreamToken } from "#functions/create-stream-token.ts";
import { deletePublisher } from "#functions/delete-publisher.ts";
import { deleteSubscriber } from "#functions/delete-subscriber.ts";
import { deleteTopic } from "#functions/delete-topic.ts";
import { getMessage } from "#functions/get-message.ts";
import { getOverview } from "#functions/get-overview.ts";
import { getPopularTerms, popularTermsStream } from "#functions/get-popular-terms.ts";
import { getPublisher } from "#functions/get-publisher.ts";
import { getSubscriber } from "#functions/get-subscriber.ts";
import { getTopic } from "#functions/get-topic.ts";
import { getTopicActivity } from "#functions/get-topic-activity.ts";
import { invokeFunction } from "#functions/invoke-function.ts";
import { listFunctionEvents } from "#functions/list-function-events.ts";
import { listFunctions } from "#functions/list-functions.ts";
import { listPublishers } from "#functions/list-publishers.ts";
import { listSubscribers } from "#functions/list-subscribers.ts";
import { listTableItems } from "#functions/list-table-items.ts";
import { listTables } from "#functions/list-tables.ts";
import { listTopics } from "#functions/list-topics.ts";
import type { MessagesPage } from "#functions/messages-page.ts";
import { publish } from "#functions/publish.ts";
import { putPublisherTopics } from "#functions/put-publisher-topics.ts";
import { putTopic } from "#functions/put-topic.ts";
import { registerPublisher } from "#functions/register-publisher.ts";
import { registerSubscriber } from "#functions/register-subscriber.ts";
import { seekSubscriber } from "#functions/seek-subscriber.ts";
import { type SubscribeInput, subscribe, subscribeStream } from "#functions/subscribe.ts";
import { type Answer, idempotencyKeyOf, mediaTypeOf } from "./call.ts";
import { EventStream, pageFrames, termsFrames } from "./event-stream.ts";
import type { HttpResponse } from "./http-types.ts";

/** Operations whose input and output are plain JSON. Marked so that a bundle leaves out those that it does not name. */
// @__NO_SIDE_EFFECTS__
function plain(
  takes: RequestSchema,
  run: (context: Context, caller: Caller, input: never) => Promise<unknown>,
): Answer {
  return {
    takes,
    run: async (context, { caller, input }) => outputResponse(await run(context, caller, input as never)),
  };
}

export const registerPublisherAnswer: Answer = plain(registerPublisherRequest, registerPublisher);
export const listPublishersAnswer: Answer = plain(listPublishersRequest, listPublishers);
export const getPublisherAnswer: Answer = plain(getPublisherRequest, getPublisher);
export const putPublisherTopicsAnswer: Answer = plain(putPublisherTopicsRequest, putPublisherTopics);
export const deletePublisherAnswer: Answer = plain(deletePublisherRequest, deletePublisher);
export const registerSubscriberAnswer: Answer = plain(registerSubscriberRequest, registerSubscriber);
export const listSubscribersAnswer: Answer = plain(listSubscribersRequest, listSubscribers);
export const getSubscriberAnswer: Answer = plain(getSubscriberRequest, getSubscriber);
export const deleteSubscriberAnswer: Answer = plain(deleteSubscriberRequest, deleteSubscriber);
export const subscribeAnswer: Answer = {
  takes: subscribeRequest,
  run: async (context, call) => {
    const input = call.input as unknown as SubscribeInput;
    if (call.wantsStream)
      return streamResponse(
        await subscribeStream(context, call.caller, input, call.request.signal),
        pageFrames,
        call.done,
      );
    return pageResponse(await subscribe(context, call.caller, input, call.request.signal));
  },
};
export const commitCursorAnswer: Answer = plain(commitCursorRequest, commitCursor);
export const seekSubscriberAnswer: Answer = plain(seekSubscriberRequest, seekSubscriber);
export const createStreamTokenAnswer: Answer = plain(createStreamTokenRequest, createStreamToken);
export const listTopicsAnswer: Answer = plain(listTopicsRequest, listTopics);
export const putTopicAnswer: Answer = plain(putTopicRequest, putTopic);
export const getTopicAnswer: Answer = plain(getTopicRequest, getTopic);
export const deleteTopicAnswer: Answer = plain(deleteTopicRequest, deleteTopic);
export const publishAnswer: Answer = {
  takes: publishRequest,
  run: async (context, { request, caller, input }) => {
    const idempotencyKey = idempotencyKeyOf(request);
    const { replayed, ...published } = await publish(context, caller, {
      topic: input.topic as string,
      mediaType: mediaTypeOf(request),
      body: () => request.body(),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    const response = jsonResponse(201, `${JSON.stringify(published)}\n`);
    if (published.messages.length === 1)
      response.headers.location = `/v1/topics/${published.topic}/messages/${published.messages[0]!.id}`;
    if (replayed) response.headers["idempotent-replayed"] = "true";
    return response;
  },
};
export const browseMessagesAnswer: Answer = {
  takes: browseMessagesRequest,
  run: async (context, call) => {
    const input = call.input as unknown as BrowseInput;
    if (call.wantsStream)
      return streamResponse(
        await browseStream(context, call.caller, input, call.request.signal),
        pageFrames,
        call.done,
      );
    return pageResponse(await browseMessages(context, call.caller, input, call.request.signal));
  },
};
export const getMessageAnswer: Answer = {
  takes: getMessageRequest,
  run: async (context, { caller, input }) =>
    jsonResponse(200, `${(await getMessage(context, caller, input as never)).message}\n`),
};
export const getPopularTermsAnswer: Answer = {
  takes: getPopularTermsRequest,
  run: async (context, call) => {
    const { caller, input, request, done } = call;
    if (!call.wantsStream) return outputResponse(await getPopularTerms(context, caller, input));
    return streamResponse(await popularTermsStream(context, caller, input, request.signal), termsFrames, done);
  },
};
export const rebuildTermsAnswer: Answer = plain(
  rebuildTermsRequest,
  // Loaded when it is called for, with what cuts words: 8 MB of memory.
  async (context, caller, input) => (await import("#functions/rebuild-terms.ts")).rebuildTerms(context, caller, input),
);
export const getTopicActivityAnswer: Answer = plain(getTopicActivityRequest, getTopicActivity);
export const getOverviewAnswer: Answer = plain(getOverviewRequest, getOverview);
export const listFunctionsAnswer: Answer = plain(listFunctionsRequest, listFunctions);
export const listFunctionEventsAnswer: Answer = plain(listFunctionEventsRequest, listFunctionEvents);
export const invokeFunctionAnswer: Answer = plain(invokeFunctionRequest, invokeFunction);
export const listTablesAnswer: Answer = plain(listTablesRequest, listTables);
export const listTableItemsAnswer: Answer = plain(listTableItemsRequest, listTableItems);

/** Every operation's answer. A bundle that names single ones carries only what those need. */
export const allAnswers: Readonly<Record<OperationName, Answer>> = {
  registerPublisher: registerPublisherAnswer,
  listPublishers: listPublishersAnswer,
  getPublisher: getPublisherAnswer,
  putPublisherTopics: putPublisherTopicsAnswer,
  deletePublisher: deletePublisherAnswer,
  registerSubscriber: registerSubscriberAnswer,
  listSubscribers: listSubscribersAnswer,
  getSubscriber: getSubscriberAnswer,
  deleteSubscriber: deleteSubscriberAnswer,
  subscribe: subscribeAnswer,
  commitCursor: commitCursorAnswer,
  seekSubscriber: seekSubscriberAnswer,
  createStreamToken: createStreamTokenAnswer,
  listTopics: listTopicsAnswer,
  putTopic: putTopicAnswer,
  getTopic: getTopicAnswer,
  deleteTopic: deleteTopicAnswer,
  publish: publishAnswer,
  browseMessages: browseMessagesAnswer,
  getMessage: getMessageAnswer,
  getPopularTerms: getPopularTermsAnswer,
  rebuildTerms: rebuildTermsAnswer,
  getTopicActivity: getTopicActivityAnswer,
  getOverview: getOverviewAnswer,
  listFunctions: listFunctionsAnswer,
  listFunctionEvents: listFunctionEventsAnswer,
  invokeFunction: invokeFunctionAnswer,
  listTables: listTablesAnswer,
  listTableItems: listTableItemsAnswer,
};

function outputResponse(output: unknown): HttpResponse {
  return output === undefined ? { status: 204, headers: {} } : jsonResponse(200, `${JSON.stringify(output)}\n`);
}

function jsonResponse(status: number, body: string): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" },
    body,
  };
}

/** Copies the messages' texts into the page; nothing is parsed. */
function pageResponse(page: MessagesPage): HttpResponse {
  const { messages, cursor, discontinuities, pollAfterMs, scanned } = page;
  const looked = scanned === undefined ? "" : `,"scanned":${scanned}`;
  return jsonResponse(
    200,
    `{"messages":[${messages.join()}],"cursor":"${cursor}","discontinuities":${JSON.stringify(discontinuities)},"pollAfterMs":${pollAfterMs}${looked}}\n`,
  );
}

function streamResponse<T>(
  items: AsyncIterator<T>,
  framesOf: (item: T) => Uint8Array,
  done: () => Promise<void>,
): HttpResponse {
  return {
    status: 200,
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-accel-buffering": "no",
    },
    stream: new EventStream(items, framesOf, done),
  };
}
