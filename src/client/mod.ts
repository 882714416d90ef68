/** The SDK of Bellwether, for browsers and Node 20 or newer, without dependencies. */

export {
  BellwetherError,
  type ErrorCode,
  type ErrorDetails,
  errorCodes,
  type FieldError,
  type Problem,
} from "#contract/errors.ts";
export { limits } from "#contract/limits.ts";
export type * from "#contract/types.ts";
export {
  type BrowseQuery,
  type Client,
  type ClientSettings,
  createClient,
  type ListQuery,
  type RegistrationsQuery,
} from "./client.ts";
export type { MessagesOptions } from "./messages.ts";
export type { CallOptions, PublisherCredentials, PublisherHandle, PublishOptions } from "./publisher.ts";
export type { Retries } from "./retries.ts";
export type { SubscribeQuery, SubscriberCredentials, SubscriberHandle } from "./subscriber.ts";
export type { TermsAnswer } from "./terms.ts";
