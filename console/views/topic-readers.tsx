import type { Message, TopicState } from "#client/mod.ts";
import { Count, Panel, Time } from "../components/basics.tsx";
import { LongList } from "../components/long-list.tsx";
import { Bar } from "../components/term-bars.tsx";
import { ForeignText } from "../components/text.tsx";
import { count, counted, percent } from "../format.ts";
import { usePublisherNames } from "../state/publisher-names.ts";
import { linkTo } from "../state/route.ts";
import { useNarrow } from "../state/width.ts";

/** Who reads a topic and how far behind they are, and who fills it. */
export function TopicReaders({
  topic,
  messages,
  onReplay,
}: {
  readonly topic: TopicState;
  readonly messages: readonly Message[];
  readonly onReplay: () => void;
}) {
  const names = usePublisherNames(topic.topic);
  return (
    <div class="columns">
      <Panel
        title="Subscribers of this topic"
        aside={
          topic.subscribers && (
            <button type="button" class="button little" onClick={onReplay}>
              Replay to one of them
            </button>
          )
        }
      >
        <Subscribers topic={topic} />
      </Panel>
      <Panel
        title="What fills it"
        aside={<span class="small soft">of the {counted(messages.length, "message")} read above</span>}
      >
        <Shares name="Publisher" of={messages.map(({ publisherId }) => names.get(publisherId) ?? publisherId)} />
        <Shares name="Key" of={messages.flatMap(({ key }) => (key === undefined ? [] : [key]))} />
      </Panel>
    </div>
  );
}

function Subscribers({ topic }: { readonly topic: TopicState }) {
  const narrow = useNarrow();
  if (!topic.subscribers) return <p class="soft">Who reads it takes the admin key.</p>;
  if (topic.subscribers.length === 0) return <p class="empty">Nobody is subscribed to this topic.</p>;
  const byLag = [...topic.subscribers].sort((a, b) => b.lag - a.lag);
  const behind = byLag.filter(({ lag }) => lag > 0).length;
  return (
    <>
      <p class="small soft">
        {behind === 0
          ? `All ${count(byLag.length)} have committed everything.`
          : `${count(behind)} of ${count(byLag.length)} have not committed everything.`}
      </p>
      <LongList
        items={byLag}
        lineHeight={narrow ? 56 : 40}
        heightMax={280}
        label="Subscribers, the one that lags most first"
        keyOf={({ subscriberId }) => subscriberId}
        line={({ subscriberId, name, lag, lastActiveAt }) => (
          <div class="pair-line">
            <a class="name" href={linkTo("people", undefined, { subscriber: subscriberId })}>
              <ForeignText text={name ?? subscriberId} max={48} />
            </a>
            <span class="number">
              <Count value={lag} />{" "}
              <span class="soft small">waiting, active {<Time at={lastActiveAt} relative />}</span>
            </span>
          </div>
        )}
      />
    </>
  );
}

/** Which values come up most: what floods a topic is mostly one publisher, or one key. */
function Shares({ name, of }: { readonly name: string; readonly of: readonly string[] }) {
  if (of.length === 0) return null;
  const counts = new Map<string, number>();
  for (const value of of) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return (
    <div class="stack">
      <h3>{name}</h3>
      <ul class="shares">
        {most.map(([value, found]) => (
          <li key={value}>
            <span>
              <ForeignText text={value} max={40} />
            </span>
            <Bar from={found / of.length} />
            <span class="number">{percent(found / of.length)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
