import { useState } from "preact/hooks";
import type { Message, TopicState } from "#client/mod.ts";
import { Copy } from "../components/basics.tsx";
import { Dialog } from "../components/dialog.tsx";
import { LongList } from "../components/long-list.tsx";
import { bodyText, MessageFacts } from "../components/message.tsx";
import { ForeignText } from "../components/text.tsx";
import { count } from "../format.ts";
import { usePublisherNames } from "../state/publisher-names.ts";

/** A message whole, and who has not had it yet. */
export function MessageDialog({
  message,
  topic,
  onClose,
  onReplay,
}: {
  readonly message: Message;
  readonly topic: TopicState | undefined;
  readonly onClose: () => void;
  readonly onReplay: (from: string) => void;
}) {
  const names = usePublisherNames(message.topic);
  return (
    <Dialog title="Message" onClose={onClose}>
      <MessageFacts message={message} publisherName={names.get(message.publisherId)} />
      <div class="row">
        <Copy text={bodyText(message.body)} what="the body" />
        {topic?.subscribers && topic.subscribers.length > 0 && (
          <button type="button" class="button little" onClick={() => onReplay(message.publishedAt)}>
            Replay from here to a subscriber
          </button>
        )}
      </div>
      {topic?.subscribers && <Receivers message={message} topic={topic} />}
    </Dialog>
  );
}

/**
 * Who has not committed past the message. In a topic of one shard that follows from lag and sequence; in one of several,
 * a lag does not say in which shard it is.
 */
function Receivers({ message, topic }: { readonly message: Message; readonly topic: TopicState }) {
  const [isOpen, setOpen] = useState(false);
  const subscribers = topic.subscribers ?? [];
  if (subscribers.length === 0) return null;
  const waiting = subscribers.filter(({ lag }) =>
    topic.shards === 1 ? lag >= topic.messagesPublished - message.sequence : lag > 0,
  );
  const verb = topic.shards === 1 ? "have not committed" : "may not have committed";
  return (
    <div class="stack">
      <p>
        {waiting.length === 0
          ? `Every one of the topic’s ${count(subscribers.length)} subscribers has committed it.`
          : `${count(waiting.length)} of ${count(subscribers.length)} subscribers ${verb} it.`}{" "}
        {waiting.length > 0 && (
          <button type="button" class="button little" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Hide" : "Who?"}
          </button>
        )}
      </p>
      {isOpen && (
        <LongList
          items={waiting}
          lineHeight={34}
          heightMax={204}
          label="Subscribers that lack it"
          keyOf={({ subscriberId }) => subscriberId}
          line={({ subscriberId, name, lag }) => (
            <div class="pair-line">
              <ForeignText text={name ?? subscriberId} max={48} />
              <span class="number soft small">{count(lag)} waiting</span>
            </div>
          )}
        />
      )}
    </div>
  );
}
