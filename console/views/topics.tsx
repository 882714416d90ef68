import { useState } from "preact/hooks";
import type { TopicState } from "#client/mod.ts";
import { Count, Failure, Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { Dialog, useAction } from "../components/dialog.tsx";
import { Select, TextField } from "../components/fields.tsx";
import { FirstLines } from "../components/first-lines.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { bytes, rate } from "../format.ts";
import { actor, client } from "../state/connection.ts";
import { usePages } from "../state/pages.ts";
import { goTo, linkTo, route, setParams } from "../state/route.ts";

type Order = "topic" | "rate" | "stored" | "last";

const orders: Readonly<Record<Order, (a: TopicState, b: TopicState) => number>> = {
  topic: (a, b) => (a.topic < b.topic ? -1 : 1),
  rate: (a, b) =>
    b.messagesPerSecond.lastMinute - a.messagesPerSecond.lastMinute ||
    b.messagesPerSecond.lastHour - a.messagesPerSecond.lastHour,
  stored: (a, b) => b.storedBytes - a.storedBytes,
  last: (a, b) => (b.lastMessageAt ?? "").localeCompare(a.lastMessageAt ?? ""),
};

/** Every topic with its rates and sizes: what floods the service stands first. */
export function TopicsView() {
  const [isMaking, setMaking] = useState(false);
  const { prefix, order } = route.value.params;
  const by = order !== undefined && Object.hasOwn(orders, order) ? (order as Order) : "rate";
  const topics = usePages(
    (after, signal) => client.value.listTopics({ after, limit: 100, prefix }, { signal }),
    [prefix],
    5_000,
  );
  const sorted = [...topics.items].sort(orders[by]);
  const isEmpty = prefix === undefined && sorted.length === 0 && !topics.isLoading && topics.error === undefined;
  return (
    <>
      <ViewHead title="Topics" about="What is published where, how fast, and how much of it is kept.">
        <button type="button" class="button main" onClick={() => setMaking(true)}>
          New topic
        </button>
      </ViewHead>
      {isLocked(topics.error) ? (
        <Locked what="Listing topics takes" />
      ) : isEmpty ? (
        <FirstLines />
      ) : (
        <Panel title="All topics">
          <div class="form-pair">
            <TextField
              label="Name begins with"
              type="search"
              value={prefix ?? ""}
              onInput={(value) => setParams({ prefix: value })}
            />
            <Select
              label="First comes"
              value={by}
              options={[
                ["rate", "the busiest"],
                ["stored", "the largest"],
                ["last", "the latest message"],
                ["topic", "the name, from A"],
              ]}
              onChange={(value) => setParams({ order: value })}
            />
          </div>
          {sorted.length === 0 ? (
            topics.isLoading || topics.error ? (
              <Waiting error={topics.error} />
            ) : (
              <p class="empty">No topic’s name begins with this.</p>
            )
          ) : (
            <TopicTable topics={sorted} />
          )}
          {topics.hasMore && (
            <button type="button" class="button" disabled={topics.isLoading} onClick={topics.more}>
              More topics
            </button>
          )}
        </Panel>
      )}
      {isMaking && <NewTopic onClose={() => setMaking(false)} />}
    </>
  );
}

function TopicTable({ topics }: { readonly topics: readonly TopicState[] }) {
  return (
    <table class="table">
      <thead>
        <tr>
          <th>Topic</th>
          <th class="number">Last minute</th>
          <th class="number">Last hour</th>
          <th class="number">Kept</th>
          <th class="number">Stored</th>
          <th class="number">Last message</th>
        </tr>
      </thead>
      <tbody>
        {topics.map((each) => (
          <tr key={each.topic}>
            <td class="name">
              <a href={linkTo("topics", each.topic)}>{each.topic}</a>
            </td>
            <td class="number" data-label="Last minute">
              {rate(each.messagesPerSecond.lastMinute)} <span class="soft small">per s</span>
            </td>
            <td class="number" data-label="Last hour">
              {rate(each.messagesPerSecond.lastHour)} <span class="soft small">per s</span>
            </td>
            <td class="number" data-label="Kept">
              <Count value={each.messagesKept} /> <span class="soft small">messages</span>
            </td>
            <td class="number" data-label="Stored">
              {bytes(each.storedBytes)}
            </td>
            <td class="number" data-label="Last message">
              <Time at={each.lastMessageAt} relative />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const keeping: readonly (readonly [string, string])[] = [
  ["3600", "1 hour"],
  ["86400", "1 day"],
  ["604800", "7 days"],
  ["2592000", "30 days"],
  ["0", "for ever"],
];

function NewTopic({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [shards, setShards] = useState("1");
  const [retention, setRetention] = useState("604800");
  const { run, isRunning, error } = useAction(async () => {
    await actor.value.putTopic(name, { shards: Number(shards), retentionSeconds: Number(retention) });
    onClose();
    goTo(linkTo("topics", name));
  });
  return (
    <Dialog title="New topic" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <TextField label="Name" required value={name} onInput={setName} hint="Letters, digits and . _ ~ -" />
        <div class="form-pair">
          <TextField
            label="Shards"
            type="number"
            value={shards}
            onInput={setShards}
            hint="1 to 16, for ever. With one, all messages are in one order."
          />
          <Select label="Messages are kept" value={retention} options={keeping} onChange={setRetention} />
        </div>
        <Failure error={error} />
        <div class="dialog-foot">
          <button type="submit" class="button main" disabled={isRunning}>
            Make the topic
          </button>
        </div>
      </form>
    </Dialog>
  );
}
