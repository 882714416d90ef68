import { BellwetherError } from "#contract/errors.ts";
import type { Access } from "#contract/operations.ts";
import type { PublisherRecord, SubscriberRecord } from "#core/store.ts";
import { decodeToken, secretMatches } from "#core/tokens.ts";
import type { Context } from "./context.ts";

/** Who calls. `open` gave no token at all; where nobody else can come, it may do all that the admin may. */
export type Caller =
  | { readonly kind: "open"; readonly isAdmin?: boolean }
  | { readonly kind: "admin" }
  | { readonly kind: "publisher"; readonly publisher: PublisherRecord }
  | { readonly kind: "subscriber"; readonly subscriber: SubscriberRecord };

/**
 * Who gives no token. What a proxy says it forwarded may come from anywhere, even to a service that only this machine
 * reaches.
 */
export function withoutToken({ settings }: Context, isForwarded: boolean): Caller {
  return { kind: "open", isAdmin: settings.openAdmin && !isForwarded };
}

/** Finds out who holds this token or key. Throws `unauthenticated` for one that is not known. */
export async function identify(context: Context, token: string): Promise<Caller> {
  const parts = decodeToken(token);
  if (parts?.kind === "pub") {
    const publisher = await context.registry.publisher(parts.id);
    if (publisher && context.registry.isSecretOf(publisher, parts.secret)) return { kind: "publisher", publisher };
  } else if (parts?.kind === "sub") {
    const subscriber = await context.registry.subscriber(parts.id);
    if (subscriber && context.registry.isSecretOf(subscriber, parts.secret)) return { kind: "subscriber", subscriber };
  } else if (!parts && context.settings.adminKeyHashes.some((hash) => secretMatches(token, hash))) {
    return { kind: "admin" };
  }
  throw new BellwetherError(
    "unauthenticated",
    "The token is not known here (any more). Register again, or send the token as it was given.",
  );
}

/** Whether the caller may do everything: the holder of the admin key, or anyone where that is who can come. */
export function isAdmin(caller: Caller): boolean {
  return caller.kind === "admin" || (caller.kind === "open" && caller.isAdmin === true);
}

/** Registering and making topics: the admin, or anyone on an open service. */
export function requireRegister(context: Context, caller: Caller): void {
  if (isAdmin(caller) || context.settings.openRegistration) return;
  throw refuse(caller, "Registering takes the admin key here.");
}

export function requireAdmin(caller: Caller): void {
  if (!isAdmin(caller)) throw refuse(caller, "This takes the admin key.");
}

/** The publisher itself, or the admin. */
export function requirePublisher(caller: Caller, publisherId: string): void {
  if (isAdmin(caller) || (caller.kind === "publisher" && caller.publisher.publisherId === publisherId)) return;
  throw refuse(caller, "This takes that publisher's token, or the admin key.");
}

/** The subscriber itself, or the admin. */
export function requireSubscriber(caller: Caller, subscriberId: string): void {
  if (isAdmin(caller) || (caller.kind === "subscriber" && caller.subscriber.subscriberId === subscriberId)) return;
  throw refuse(caller, "This takes that subscriber's token, or the admin key.");
}

/** Whoever may publish to the topic. */
export function requirePublish(caller: Caller, topic: string): void {
  if (isAdmin(caller) || (caller.kind === "publisher" && caller.publisher.topics.includes(topic))) return;
  throw refuse(caller, `Publishing to "${topic}" takes the token of a publisher that is registered for it.`);
}

/** Whoever may read the topic's messages and terms; with no topic, those of all together. */
export function requireRead(context: Context, caller: Caller, topic: string | undefined): void {
  if (isAdmin(caller) || context.settings.publicRead) return;
  if (caller.kind === "subscriber" && topic !== undefined && caller.subscriber.topics.includes(topic)) return;
  throw refuse(
    caller,
    topic === undefined
      ? "This takes the admin key."
      : `Reading "${topic}" takes the token of a subscriber that is registered for it.`,
  );
}

/** Whoever may see the topic's settings and state. */
export function requireState(context: Context, caller: Caller, topic: string): void {
  if (caller.kind === "publisher" && caller.publisher.topics.includes(topic)) return;
  requireRead(context, caller, topic);
}

/** What can be asked before a body is read, so that nobody without the right has us read one. Operations ask again. */
export function requireBeforeBody(
  context: Context,
  access: Access,
  caller: Caller,
  { subscriberId }: Readonly<Record<string, unknown>>,
): void {
  if (access === "register") requireRegister(context, caller);
  else if (access === "admin") requireAdmin(caller);
  else if (access === "subscriber") requireSubscriber(caller, String(subscriberId));
}

/** A caller as logs name it. */
export function callerName(caller: Caller): string {
  if (caller.kind === "publisher") return `publisher ${caller.publisher.publisherId}`;
  if (caller.kind === "subscriber") return `subscriber ${caller.subscriber.subscriberId}`;
  return caller.kind;
}

/** Who makes a call, as far as its idempotency keys reach. */
export function ownerOf(caller: Caller): string {
  return caller.kind === "publisher" ? caller.publisher.publisherId : caller.kind;
}

function refuse(caller: Caller, rule: string): BellwetherError {
  if (caller.kind === "open")
    return new BellwetherError("unauthenticated", `${rule} Send it as \`Authorization: Bearer <token>\`.`);
  return new BellwetherError("forbidden", `${rule} The token sent is another's.`);
}
