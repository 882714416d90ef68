import { useState } from "preact/hooks";
import type { TopicState } from "#client/mod.ts";
import { Notice, Time } from "../components/basics.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Choice, Select, TextField } from "../components/fields.tsx";
import { count, counted } from "../format.ts";
import { actor, client } from "../state/connection.ts";
import { useLive } from "../state/live.ts";
import { subscriberOf } from "../state/own.ts";

/** Replays a topic to one of its subscribers, from a moment on. */
export function SeekDialog({
  topic,
  from,
  onDone,
  onClose,
}: {
  readonly topic: TopicState;
  readonly from: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const subscribers = topic.subscribers ?? [];
  const [subscriberId, setSubscriberId] = useState(subscribers[0]?.subscriberId ?? "");
  const again = useLive(
    async (signal) => {
      if (Number.isNaN(Date.parse(from))) return topic.messagesKept;
      const { messages } = await client.value.getTopicActivity(topic.topic, { from, buckets: 1 }, { signal });
      return messages.reduce((sum, each) => sum + each, 0);
    },
    [topic.topic, from],
  );
  return (
    <Confirm
      title="Replay to a subscriber"
      action="Replay"
      act={async () => {
        await subscriberOf(subscriberId, actor.value).seek({ from });
        onDone();
      }}
      onClose={onClose}
    >
      <p>
        From <strong>{Number.isNaN(Date.parse(from)) ? "the first message that is kept" : <Time at={from} />}</strong>{" "}
        on{again.value !== undefined && <>: about {counted(again.value, "message")} of this topic</>}.
      </p>
      <Select
        label="Subscriber"
        value={subscriberId}
        options={subscribers
          .slice(0, 1_000)
          .map((each) => [each.subscriberId, `${each.name ?? each.subscriberId} (${count(each.lag)} waiting)`])}
        onChange={setSubscriberId}
      />
      <SeekWarning />
    </Confirm>
  );
}

type Where = "earliest" | "latest" | "time";

/** Moves one subscriber, from its own page. */
export function SeekSubscriber({
  subscriberId,
  topics,
  onDone,
  onClose,
}: {
  readonly subscriberId: string;
  readonly topics: readonly string[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const [where, setWhere] = useState<Where>("earliest");
  const [time, setTime] = useState(localInput(Date.now() - 3_600_000));
  return (
    <Confirm
      title="Move the subscriber"
      action="Move it"
      act={async () => {
        const from = where === "time" ? new Date(time).toISOString() : where;
        await subscriberOf(subscriberId, actor.value).seek({ from });
        onDone();
      }}
      onClose={onClose}
    >
      <Choice<Where>
        name="Where to"
        value={where}
        options={[
          ["earliest", "To the beginning"],
          ["time", "To a time"],
          ["latest", "To the end"],
        ]}
        onChange={setWhere}
      />
      {where === "time" && (
        <TextField label="Time, in your zone" type="datetime-local" value={time} onInput={setTime} required />
      )}
      {topics.length > 1 && <p>It moves in all its topics: {topics.join(", ")}.</p>}
      <SeekWarning isForward={where === "latest"} />
    </Confirm>
  );
}

function SeekWarning({ isForward = false }: { readonly isForward?: boolean }) {
  return (
    <Notice tone="warn">
      {isForward
        ? "Everything that waits is skipped: the subscriber will not be given it. "
        : "The subscriber is given again everything from there on, up to now and further: a replay has no end of its own, and what it has processed before, it processes twice unless it notices. "}
      It moves at once, in all its topics. A commit or a stream that began before is refused with{" "}
      <span class="mono">cursor_superseded</span> and begins again at the new place.
    </Notice>
  );
}

/** A time as a `datetime-local` field has it. */
function localInput(atMs: number): string {
  const at = new Date(atMs);
  return new Date(atMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
