import { useState } from "preact/hooks";
import type { Publisher } from "#client/mod.ts";
import { Time, Waiting } from "../components/basics.tsx";
import { Confirm } from "../components/dialog.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { LongList } from "../components/long-list.tsx";
import { ForeignText } from "../components/text.tsx";
import { counted } from "../format.ts";
import { actor, client } from "../state/connection.ts";
import { usePages } from "../state/pages.ts";
import { useNarrow } from "../state/width.ts";

/** Every publisher: a page at a time as one scrolls. */
export function PublisherList({
  search,
  topic,
  onChanged,
}: {
  readonly search: string | undefined;
  readonly topic: string | undefined;
  readonly onChanged: () => void;
}) {
  const [leaving, setLeaving] = useState<Publisher>();
  const narrow = useNarrow();
  const pages = usePages(
    (after, signal) => client.value.listPublishers({ after, limit: 100, search, topic }, { signal }),
    [search, topic],
  );
  if (isLocked(pages.error)) return <Locked what="Seeing the publishers takes" />;
  if (pages.items.length === 0) {
    if (pages.isLoading || pages.error) return <Waiting error={pages.error} />;
    return <p class="empty">No publisher is here.</p>;
  }
  return (
    <>
      <LongList
        items={pages.items}
        lineHeight={narrow ? 84 : 46}
        heightMax={narrow ? 588 : 552}
        label="Publishers"
        keyOf={({ publisherId }) => publisherId}
        onEnd={pages.more}
        line={(publisher) => (
          <div class="person-line">
            <span class="name">
              <ForeignText text={publisher.name} max={48} />
            </span>
            <span class="soft topics">{publisher.topics.join(", ")}</span>
            <span class="number soft">
              since <Time at={publisher.createdAt} />
            </span>
            <span class="number">
              <button
                type="button"
                class="button little"
                aria-label={`Delete ${publisher.name}`}
                onClick={() => setLeaving(publisher)}
              >
                Delete
              </button>
            </span>
          </div>
        )}
      />
      <p class="small soft" role="status">
        {counted(pages.items.length, "publisher")} read{pages.hasMore ? "; more come as you scroll" : ""}.
      </p>
      {leaving && (
        <Confirm
          title={`Delete “${leaving.name}”?`}
          action="Delete it"
          danger
          act={async () => {
            await actor.value.deletePublisher(leaving.publisherId);
            onChanged();
          }}
          onClose={() => setLeaving(undefined)}
        >
          <p>Its token ends. What it has published stays.</p>
        </Confirm>
      )}
    </>
  );
}
