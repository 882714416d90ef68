import { useState } from "preact/hooks";
import type { Message } from "#client/mod.ts";
import { Failure, Panel, Waiting } from "../components/basics.tsx";
import { MessageLine } from "../components/message.tsx";
import { counted } from "../format.ts";
import { client } from "../state/connection.ts";
import { useLive } from "../state/live.ts";
import { linkTo, setParams } from "../state/route.ts";
import { MessageDialog } from "./message.tsx";

const shown = 8;
/** Of all topics together, so many are looked at. */
const topicsMax = 12;

/** The latest messages that were counted for a term, in one topic or in all. */
export function TermMessages({
  term,
  topic,
  until,
}: {
  readonly term: string;
  readonly topic: string | undefined;
  readonly until: string | undefined;
}) {
  const [opened, setOpened] = useState<Message>();
  const found = useLive(
    async (signal) => {
      const topics =
        topic === undefined
          ? (await client.value.listTopics({ limit: topicsMax }, { signal })).items.map((each) => each.topic)
          : [topic];
      const pages = await Promise.all(topics.map((each) => latestWith(each, term, until, signal)));
      return pages
        .flat()
        .sort((a, b) => b.publishedAt.localeCompare(a.publishedAt))
        .slice(0, shown);
    },
    [term, topic, until],
  );
  const topics = [...new Set((found.value ?? []).map((message) => message.topic))];
  return (
    <Panel
      title={`Messages with “${term}”`}
      aside={
        <button type="button" class="button little" onClick={() => setParams({ term: undefined })}>
          Close
        </button>
      }
    >
      {found.value === undefined ? (
        <Waiting error={found.error} />
      ) : found.value.length === 0 ? (
        <p class="empty">None was found among the latest messages.</p>
      ) : (
        <ul class="plain-lines compact">
          {found.value.map((message) => (
            <li key={`${message.topic} ${message.id}`}>
              <MessageLine message={message} onOpen={() => setOpened(message)} />
            </li>
          ))}
        </ul>
      )}
      <Failure error={found.value === undefined ? undefined : found.error} />
      {topics.length > 0 && (
        <p class="row small soft">
          The latest {counted(found.value?.length ?? 0, "message")}. All of them in{" "}
          {topics.map((each) => (
            <a key={each} href={linkTo("topics", each, { term, at: until })}>
              {each}
            </a>
          ))}
        </p>
      )}
      {opened && (
        <MessageDialog message={opened} topic={undefined} onClose={() => setOpened(undefined)} onReplay={() => {}} />
      )}
    </Panel>
  );
}

/** Looks back over a few scans: the service looks at a bounded number of messages in each. */
async function latestWith(
  topic: string,
  term: string,
  until: string | undefined,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  let before = until ?? "latest";
  const found: Message[] = [];
  for (let scans = 0; scans < 5 && found.length < shown; scans += 1) {
    const page = await client.value.browseMessages(topic, { before, term, limit: shown }, { signal });
    found.push(...page.messages);
    if (page.pollAfterMs !== 0) break;
    before = page.cursor;
  }
  return found;
}
