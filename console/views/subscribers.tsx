import type { Subscriber } from "#client/mod.ts";
import { Count, Notice, Time, Waiting } from "../components/basics.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { LongList } from "../components/long-list.tsx";
import { ForeignText } from "../components/text.tsx";
import { counted } from "../format.ts";
import { client } from "../state/connection.ts";
import { ownSubscribers } from "../state/own.ts";
import { usePages } from "../state/pages.ts";
import { setParams } from "../state/route.ts";
import { useNarrow } from "../state/width.ts";

interface Settings {
  readonly search: string | undefined;
  readonly topic: string | undefined;
}

/** Every subscriber with its lag: a page at a time as one scrolls. */
export function SubscriberList({ search, topic }: Settings) {
  const pages = usePages(
    (after, signal) => client.value.listSubscribers({ after, limit: 100, search, topic }, { signal }),
    [search, topic],
    4_000,
  );
  if (isLocked(pages.error)) return <OwnSubscribers />;
  if (pages.items.length === 0) {
    if (pages.isLoading || pages.error) return <Waiting error={pages.error} />;
    return (
      <p class="empty">
        {search === undefined && topic === undefined
          ? "Nobody is subscribed yet. Register a subscriber to read from here."
          : "No subscriber is like this."}
      </p>
    );
  }
  return (
    <>
      <Lines subscribers={pages.items} onEnd={pages.more} />
      <p class="small soft" role="status">
        {counted(pages.items.length, "subscriber")} read
        {pages.hasMore ? "; more come as you scroll" : ""}.
      </p>
    </>
  );
}

/** Without the admin key: those that were registered on this page, by their own tokens. */
function OwnSubscribers() {
  const own = ownSubscribers.value;
  return (
    <>
      <Locked what="Seeing all subscribers takes" />
      {own.length > 0 && (
        <>
          <Notice>Those registered on this page can be used until it is closed.</Notice>
          <Lines subscribers={own} />
        </>
      )}
    </>
  );
}

function Lines({
  subscribers,
  onEnd,
}: {
  readonly subscribers: readonly Subscriber[];
  readonly onEnd?: (() => void) | undefined;
}) {
  const narrow = useNarrow();
  return (
    <>
      <div class="person-line head small soft" aria-hidden="true">
        <span>Name</span>
        <span>Topics</span>
        <span class="number">Waiting</span>
        <span class="number">Last active</span>
      </div>
      <LongList
        items={subscribers}
        lineHeight={narrow ? 84 : 46}
        heightMax={narrow ? 588 : 552}
        label="Subscribers"
        keyOf={({ subscriberId }) => subscriberId}
        onEnd={onEnd}
        line={({ subscriberId, name, topics, lag, lastActiveAt }) => (
          <button type="button" class="person-line" onClick={() => setParams({ subscriber: subscriberId })}>
            <span class="name">
              <ForeignText text={name ?? subscriberId} max={48} />
            </span>
            <span class="soft topics">{topics.join(", ")}</span>
            <span class="number">
              <span class={lag > 0 ? "mark warn" : "mark good"}>
                <Count value={lag} /> waiting
              </span>
            </span>
            <span class="number soft">
              <Time at={lastActiveAt} relative />
            </span>
          </button>
        )}
      />
    </>
  );
}
