import type { Json, Message } from "#client/mod.ts";
import { bytes } from "../format.ts";
import { Time } from "./basics.tsx";
import { ForeignText, WholeText } from "./text.tsx";

/** A message in a line: when, its key, and how its text begins. */
export function MessageLine({ message, onOpen }: { readonly message: Message; readonly onOpen: () => void }) {
  return (
    <button type="button" class="message-line" onClick={onOpen}>
      <span class="when soft">
        <Time at={message.publishedAt} />
      </span>
      <span class="key">
        {message.key !== undefined && (
          <span class="mark">
            <ForeignText text={message.key} max={24} />
          </span>
        )}
      </span>
      <span class="what">
        {message.title !== undefined && (
          <strong>
            <ForeignText text={message.title} max={80} />{" "}
          </strong>
        )}
        <ForeignText text={bodyText(message.body, 400)} max={260} />
      </span>
    </button>
  );
}

/** Everything about a message. */
export function MessageFacts({
  message,
  publisherName,
}: {
  readonly message: Message;
  readonly publisherName?: string | undefined;
}) {
  const attributes = Object.entries(message.attributes ?? {});
  return (
    <>
      <dl class="facts">
        <dt>Published</dt>
        <dd>
          <Time at={message.publishedAt} />{" "}
          <span class="soft">
            (<Time at={message.publishedAt} relative />)
          </span>
        </dd>
        <dt>By</dt>
        <dd>
          {publisherName !== undefined && (
            <>
              <ForeignText text={publisherName} max={80} />{" "}
            </>
          )}
          <span class={publisherName === undefined ? "mono" : "mono soft"}>{message.publisherId}</span>
        </dd>
        <dt>Id</dt>
        <dd class="mono">{message.id}</dd>
        {message.key !== undefined && (
          <>
            <dt>Key</dt>
            <dd>
              <ForeignText text={message.key} max={512} />
            </dd>
          </>
        )}
        {message.expiresAt !== undefined && (
          <>
            <dt>Hidden after</dt>
            <dd>
              <Time at={message.expiresAt} />
            </dd>
          </>
        )}
        {attributes.map(([name, value]) => (
          <>
            <dt>
              <ForeignText text={name} max={128} />
            </dt>
            <dd>
              <ForeignText text={value} max={1024} />
            </dd>
          </>
        ))}
      </dl>
      {message.title !== undefined && (
        <h3>
          <ForeignText text={message.title} max={1024} />
        </h3>
      )}
      <WholeText text={bodyText(message.body)} label="Body" />
      <p class="small soft">
        {typeof message.body === "string" ? "Text" : "JSON"},{" "}
        {bytes(new TextEncoder().encode(bodyText(message.body)).length)}
      </p>
    </>
  );
}

/** The body as text: a string as it is, anything else as JSON; in one line when it is cut at `max`. */
export function bodyText(body: Json, max?: number): string {
  if (typeof body === "string") return max === undefined ? body : body.slice(0, max);
  return max === undefined ? JSON.stringify(body, null, 2) : JSON.stringify(body).slice(0, max);
}
