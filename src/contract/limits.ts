/** Every fixed limit of the service, unit last in the name, with the abuse or quota that it answers. */
export const limits = {
  /** A message as stored, before compression. Below the 400 KB item limit of DynamoDB. */
  messageBytesMax: 262_144,
  /** How deep a message's JSON nests, itself included. Readers' parsers recurse: Ruby's stops at 100, PHP's at 512, Python's near 1,000. */
  messageDepthMax: 64,
  /** All messages of one call as stored. Below the 400 KB item limit of DynamoDB. */
  batchBytesMax: 350_000,
  batchMessagesMax: 1_000,
  /** A request body as received: JSON may spell a byte with six characters, so it is wider than `batchBytesMax`. */
  bodyBytesMax: 2_097_152,
  /** All request headers together, in bytes (`node:http` refuses more). */
  headerBytesMax: 16_384,
  pathBytesMax: 4_096,
  titleCharactersMax: 1_024,
  attributesMax: 32,
  attributeNameCharactersMax: 128,
  attributeValueCharactersMax: 1_024,
  keyBytesMax: 512,
  nameCharactersMax: 128,
  topicCharactersMax: 128,
  topicsPerRegistrationMax: 10,
  shardsMax: 16,
  /** All shards of a subscriber's topics together: what fits in one cursor. */
  shardsPerSubscriberMax: 64,
  cursorBytesMax: 2_048,
  idempotencyKeyCharactersMax: 255,
  idempotencyKeptSeconds: 86_400,
  ttlSecondsMax: 31_536_000,
  retentionSecondsDefault: 604_800,
  retentionSecondsMin: 3_600,
  retentionSecondsMax: 315_360_000,
  reservedAfterDeletionSeconds: 600,
  pageMessagesDefault: 100,
  pageMessagesMax: 1_000,
  /** What one answer holds of messages, in bytes; one larger message is still given alone. */
  pageBytesMax: 1_048_576,
  listDefault: 100,
  listMax: 1_000,
  /** What one call with a filter looks through, in messages and in bytes; its cursor goes on from there. */
  scanMessagesMax: 10_000,
  scanBytesMax: 1_048_576,
  filterCharactersMax: 256,
  /** Stretches of time in one answer about a topic's activity. */
  activityBucketsDefault: 60,
  activityBucketsMax: 500,
  /** How many positions in a log one such answer looks up: of a topic of 16 shards at most 61 stretches. */
  activityLookupsMax: 1_000,
  /** Topics, publishers and subscribers that an overview reads of each. */
  overviewReadMax: 1_000,
  overviewSlowestMax: 20,
  tableItemsDefault: 25,
  tableItemsMax: 100,
  /** A text in an item of a table is cut to this. */
  tableTextCharactersMax: 1_024,
  /** What one page of items reads, in bytes; one larger item is still given alone. */
  tablePageBytesMax: 1_048_576,
  /** How long a function may run that is invoked to try it. */
  invocationSecondsMax: 10,
  invocationLogsMax: 200,
  waitSecondsMax: 20,
  termsDefault: 10,
  termsMax: 1_000,
  hiddenTermsMax: 1_000,
  languagesMax: 8,
  heartbeatSeconds: 15,
  /**
   * What a stream holds that its reader has not taken, in bytes: nothing more is read from the log for it meanwhile, and
   * after 30 s without progress the stream ends, so that the client resumes.
   */
  streamBufferBytesMax: 1_048_576,
  /** Unused, a stream token lasts this long. */
  streamTokenUnusedSeconds: 60,
  /** Once used, it reopens its stream until this long after the stream last ended. */
  streamTokenReopenSeconds: 600,
  streamTokenSecondsMax: 43_200,
} as const;
