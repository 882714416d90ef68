import type { OperationName } from "#contract/operations.ts";
import type { HttpResponse } from "./http-types.ts";

/** What changes who may do what, or where a subscriber stands, or takes something away. */
const audited: ReadonlySet<string> = new Set<OperationName>([
  "registerPublisher",
  "putPublisherTopics",
  "deletePublisher",
  "registerSubscriber",
  "seekSubscriber",
  "deleteSubscriber",
  "putTopic",
  "deleteTopic",
]);

export function isAudited(operation: OperationName): boolean {
  return audited.has(operation);
}

/** A line of the audit log: who did what to what, from where. The log adds when. It holds ids and names, no secret. */
export interface AuditEntry {
  readonly audit: true;
  readonly operation: string;
  /** `admin`, `open`, or a publisher's or subscriber's id behind its kind. */
  readonly by: string;
  readonly address: string;
  /** The path of what was changed, or of what was made. */
  readonly what: string;
}

/** The entry of a call that was done, or undefined when it was refused or is none to be written down. */
export function auditEntryOf(response: HttpResponse, target: string, address: string): AuditEntry | undefined {
  const { caller, operation, status, headers } = response;
  if (caller === undefined || operation === undefined || status >= 300) return undefined;
  // Without the query: a stream token could stand there.
  return { audit: true, operation, by: caller, address, what: headers.location ?? target.split("?", 1)[0]! };
}
