import { useEffect, useState } from "preact/hooks";
import type { Message } from "#client/mod.ts";
import { Failure, Waiting } from "../components/basics.tsx";
import { TextField } from "../components/fields.tsx";
import { LongList } from "../components/long-list.tsx";
import { MessageLine } from "../components/message.tsx";
import { counted } from "../format.ts";
import type { Messages } from "../state/messages.ts";
import { route, setParams } from "../state/route.ts";
import { useNarrow } from "../state/width.ts";

/** A filter is asked for when typing rests this long. */
const restMs = 350;

/** The topic's messages, the newest first, under their filter. */
export function TopicMessages({
  messages,
  onOpen,
}: {
  readonly messages: Messages;
  readonly onOpen: (message: Message) => void;
}) {
  const { contains, term, key } = route.value.params;
  const narrow = useNarrow();
  const isFiltered = contains !== undefined || term !== undefined || key !== undefined;
  return (
    <>
      <div class="form-pair">
        <FilterField label="Text contains" value={contains} onRest={(value) => setParams({ contains: value })} />
        <FilterField label="Key is" value={key} onRest={(value) => setParams({ key: value })} />
      </div>
      {term !== undefined && (
        <p class="row">
          <span>
            Only messages counted for <strong>{term}</strong>.
          </span>
          <button type="button" class="button little" onClick={() => setParams({ term: undefined })}>
            Show all
          </button>
        </p>
      )}
      {messages.error?.code !== "connection_failed" && <Failure error={messages.error} />}
      {messages.messages.length > 0 ? (
        <LongList
          items={messages.messages}
          lineHeight={narrow ? 72 : 44}
          heightMax={narrow ? 504 : 484}
          label="Messages, the newest first"
          keyOf={({ id }) => id}
          line={(message) => <MessageLine message={message} onOpen={() => onOpen(message)} />}
          onEnd={isFiltered ? undefined : messages.more}
        />
      ) : messages.isLoading ? (
        <Waiting error={undefined} />
      ) : (
        messages.error === undefined && (
          <p class="empty">{isFiltered ? "No message that was looked at is like this." : "No messages here yet."}</p>
        )
      )}
      <p class="row small soft" role="status">
        {isFiltered
          ? `${counted(messages.messages.length, "message")} found among the ${counted(messages.scanned, "message")} looked at.`
          : `${counted(messages.messages.length, "message")} read${messages.hasMore ? "; older ones come as you scroll" : ""}.`}
        {isFiltered && messages.hasMore && (
          <button type="button" class="button little" disabled={messages.isLoading} onClick={messages.more}>
            {messages.isLoading ? "Looking…" : "Look further back"}
          </button>
        )}
      </p>
    </>
  );
}

function FilterField({
  label,
  value,
  onRest,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly onRest: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value ?? "");
  useEffect(() => setTyped(value ?? ""), [value]);
  // Dependencies: when typing rests
  useEffect(() => {
    if (typed === (value ?? "")) return;
    const timer = setTimeout(() => onRest(typed), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return <TextField label={label} type="search" value={typed} onInput={setTyped} />;
}
