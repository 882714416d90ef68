import { useState } from "preact/hooks";
import type { Message, TopicState } from "#client/mod.ts";
import { Failure, Figure, Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Choice } from "../components/fields.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { TimeAxis } from "../components/time-axis.tsx";
import { bytes, count, counted, rate, seconds } from "../format.ts";
import { actor, client, rights } from "../state/connection.ts";
import { now, useLive } from "../state/live.ts";
import { useMessages } from "../state/messages.ts";
import { goTo, linkTo, route, setParams } from "../state/route.ts";
import { MessageDialog } from "./message.tsx";
import { PublishDialog } from "./publish.tsx";
import { SeekDialog } from "./seek.tsx";
import { TopicMessages } from "./topic-messages.tsx";
import { TopicReaders } from "./topic-readers.tsx";

const spans = { "1h": 3_600_000, "1d": 86_400_000, "7d": 604_800_000 } as const;
type Span = keyof typeof spans | "all";

/** One topic: its messages on a time axis, who reads it, and what can be done with it. */
export function TopicView({ name }: { readonly name: string }) {
  const [dialog, setDialog] = useState<"publish" | "delete" | { readonly from: string }>();
  const [opened, setOpened] = useState<Message>();
  const { at, contains, term, key } = route.value.params;
  const state = useLive((signal) => client.value.getTopic(name, { signal }), [name], { everyMs: 3_000 });
  const messages = useMessages({ topic: name, at, contains, term, key });
  const close = (): void => setDialog(undefined);
  if (isLocked(state.error)) return <Locked what={`Reading “${name}” takes`} />;
  return (
    <>
      <ViewHead
        title={name}
        about={
          <>
            <a href={linkTo("topics")}>Topics</a> · looking here consumes nothing: no subscriber moves.
          </>
        }
      >
        <a class="button" href={linkTo("terms", undefined, { topic: name })}>
          Its terms
        </a>
        {rights.value?.admin && (
          <button type="button" class="button danger" onClick={() => setDialog("delete")}>
            Delete
          </button>
        )}
        <button type="button" class="button main" onClick={() => setDialog("publish")}>
          Publish
        </button>
      </ViewHead>
      {state.value === undefined ? <Waiting error={state.error} /> : <Facts topic={state.value} />}
      <Panel title="Messages" aside={<Moment at={at} />}>
        {state.value && <Axis topic={state.value} at={at} />}
        <TopicMessages messages={messages} onOpen={setOpened} />
      </Panel>
      {state.value && (
        <TopicReaders
          topic={state.value}
          messages={messages.messages}
          onReplay={() => setDialog({ from: at ?? state.value?.firstMessageAt ?? "earliest" })}
        />
      )}
      {opened && (
        <MessageDialog
          message={opened}
          topic={state.value}
          onClose={() => setOpened(undefined)}
          onReplay={(from) => {
            setOpened(undefined);
            setDialog({ from });
          }}
        />
      )}
      {dialog === "publish" && <PublishDialog topic={name} onPublished={messages.reload} onClose={close} />}
      {dialog === "delete" && <DeleteTopic name={name} state={state.value} onClose={close} />}
      {typeof dialog === "object" && state.value && (
        <SeekDialog topic={state.value} from={dialog.from} onDone={state.reload} onClose={close} />
      )}
    </>
  );
}

function Facts({ topic }: { readonly topic: TopicState }) {
  const kept = topic.retentionSeconds === 0 ? "for ever" : `for ${seconds(topic.retentionSeconds)}`;
  return (
    <dl class="figures">
      <Figure name="Last minute" value={rate(topic.messagesPerSecond.lastMinute)} unit="per second">
        {rate(topic.messagesPerSecond.lastHour)} per second in the last hour
      </Figure>
      <Figure name="Kept" value={count(topic.messagesKept)} unit={topic.messagesKept === 1 ? "message" : "messages"}>
        {kept}; {count(topic.messagesPublished)} published in all
      </Figure>
      <Figure name="Stored" value={bytes(topic.storedBytes)}>
        in {counted(topic.shards, "shard")}
      </Figure>
      <Figure name="Last message" value={topic.lastMessageAt === undefined ? "–" : ""}>
        {topic.lastMessageAt !== undefined && (
          <>
            <span class="figure-time">
              <Time at={topic.lastMessageAt} relative />
            </span>
            first kept: <Time at={topic.firstMessageAt} />
          </>
        )}
      </Figure>
    </dl>
  );
}

function Moment({ at }: { readonly at: string | undefined }) {
  if (at === undefined) return <span class="mark good">live</span>;
  return (
    <span class="row">
      <span>
        as of <Time at={at} />
      </span>
      <button type="button" class="button little" onClick={() => setParams({ at: undefined })}>
        Back to now
      </button>
    </span>
  );
}

function Axis({ topic, at }: { readonly topic: TopicState; readonly at: string | undefined }) {
  const span = (route.value.params.span ?? "1h") as Span;
  const atMs = at === undefined ? undefined : Date.parse(at);
  // To the step of a few seconds, so that the axis does not tremble.
  const toMs = Math.ceil(now.value / 5_000) * 5_000;
  const firstMs = topic.firstMessageAt === undefined ? toMs - spans["1h"] : Date.parse(topic.firstMessageAt);
  const lengthMs = span in spans ? spans[span as keyof typeof spans] : Math.max(60_000, toMs - firstMs);
  const fromMs = Math.min(toMs - lengthMs, atMs ?? toMs);
  const activity = useLive(
    async (signal) => {
      const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), buckets: 90 };
      const { from, bucketMs, messages } = await client.value.getTopicActivity(topic.topic, query, { signal });
      return { fromMs: Date.parse(from), bucketMs, messages };
    },
    [topic.topic, span, at],
    { everyMs: 5_000 },
  );
  return (
    <>
      <TimeAxis
        label="The moment that is looked at"
        fromMs={fromMs}
        toMs={toMs}
        atMs={atMs}
        activity={activity.value}
        onMove={(movedMs) => setParams({ at: movedMs === undefined ? undefined : new Date(movedMs).toISOString() })}
      />
      <div class="row">
        <Choice<Span>
          name="How far back the axis goes"
          value={span}
          options={[
            ["1h", "1 hour"],
            ["1d", "1 day"],
            ["7d", "7 days"],
            ["all", "all"],
          ]}
          onChange={(value) => setParams({ span: value })}
        />
        <span class="small soft">Drag the line back, or use the arrow keys, to see the topic as it was.</span>
      </div>
      {activity.error && !isLocked(activity.error) && activity.error.code !== "connection_failed" && (
        <Failure error={activity.error} />
      )}
    </>
  );
}

function DeleteTopic({
  name,
  state,
  onClose,
}: {
  readonly name: string;
  readonly state: TopicState | undefined;
  readonly onClose: () => void;
}) {
  return (
    <Confirm
      title={`Delete “${name}”?`}
      action="Delete the topic"
      danger
      act={async () => {
        await actor.value.deleteTopic(name);
        goTo(linkTo("topics"));
      }}
      onClose={onClose}
    >
      <p>
        Its {state ? counted(state.messagesKept, "message") : "messages"} and terms are gone for good. The name stays
        reserved for 10 minutes.
      </p>
    </Confirm>
  );
}
