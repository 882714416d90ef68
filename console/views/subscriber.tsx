import { useState } from "preact/hooks";
import type { MessagePage, Subscriber } from "#client/mod.ts";
import { Copy, Count, Failure, Time, Waiting } from "../components/basics.tsx";
import { Confirm, Dialog, useAction } from "../components/dialog.tsx";
import { bodyText } from "../components/message.tsx";
import { ForeignText } from "../components/text.tsx";
import { count, counted } from "../format.ts";
import { actor, client } from "../state/connection.ts";
import { useLive } from "../state/live.ts";
import { ownSubscribers, subscriberOf } from "../state/own.ts";
import { linkTo } from "../state/route.ts";
import { SeekSubscriber } from "./seek.tsx";

/** One subscriber: where it stands in each topic, what comes next, and what can be done with it. */
export function SubscriberDialog({
  subscriberId,
  onChanged,
  onClose,
}: {
  readonly subscriberId: string;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}) {
  const [dialog, setDialog] = useState<"seek" | "delete">();
  const { value, error, reload } = useLive((signal) => subscriberOf(subscriberId).get({ signal }), [subscriberId], {
    everyMs: 2_500,
  });
  const close = (): void => setDialog(undefined);
  return (
    <Dialog title={value?.name ?? "Subscriber"} onClose={onClose}>
      {value === undefined ? (
        <Waiting error={error} />
      ) : (
        <>
          <Standing subscriber={value} />
          <Next subscriber={value} onCommitted={reload} />
          <div class="dialog-foot">
            <button type="button" class="button danger" onClick={() => setDialog("delete")}>
              Delete
            </button>
            <button type="button" class="button" onClick={() => setDialog("seek")}>
              Move…
            </button>
          </div>
          {dialog === "seek" && (
            <SeekSubscriber
              subscriberId={subscriberId}
              topics={value.topics}
              onDone={() => {
                reload();
                onChanged();
              }}
              onClose={close}
            />
          )}
          {dialog === "delete" && (
            <Confirm
              title="Delete the subscriber?"
              action="Delete it"
              danger
              act={async () => {
                await actor.value.deleteSubscriber(subscriberId);
                ownSubscribers.value = ownSubscribers.value.filter((each) => each.subscriberId !== subscriberId);
                onChanged();
                onClose();
              }}
              onClose={close}
            >
              <p>Its cursor is gone for good, and its token ends. The messages stay.</p>
            </Confirm>
          )}
        </>
      )}
    </Dialog>
  );
}

function Standing({ subscriber }: { readonly subscriber: Subscriber }) {
  const { subscriberId, topics, lags, lag, cursor, createdAt, lastActiveAt } = subscriber;
  return (
    <>
      <p>
        <strong>
          {lag === 0
            ? "It has committed everything."
            : `At most ${counted(lag, "message")} ${lag === 1 ? "waits" : "wait"} for it.`}
        </strong>
      </p>
      <dl class="facts">
        {topics.map((topic) => (
          <>
            <dt>
              <a href={linkTo("topics", topic)}>{topic}</a>
            </dt>
            <dd>
              {lags[topic] === undefined ? (
                "not there any more"
              ) : (
                <>
                  <Count value={lags[topic]} /> waiting
                </>
              )}
            </dd>
          </>
        ))}
        <dt>Last active</dt>
        <dd>
          <Time at={lastActiveAt} relative />
        </dd>
        <dt>Registered</dt>
        <dd>
          <Time at={createdAt} />
        </dd>
        <dt>Id</dt>
        <dd class="mono">{subscriberId}</dd>
        <dt>Cursor</dt>
        <dd class="row">
          <span class="mono cut" title={cursor}>
            {cursor}
          </span>
          <Copy text={cursor} what="the cursor" />
        </dd>
      </dl>
    </>
  );
}

/** Reads as the subscriber would. Reading moves nothing; committing does. */
function Next({ subscriber, onCommitted }: { readonly subscriber: Subscriber; readonly onCommitted: () => void }) {
  const { subscriberId, topics } = subscriber;
  const [page, setPage] = useState<MessagePage>();
  const peek = useAction(async () => {
    // Of one topic it can be looked at from outside, which does not count as a sign of life.
    setPage(
      topics.length === 1
        ? await client.value.browseMessages(topics[0]!, { after: subscriber.cursor, limit: 10 })
        : await subscriberOf(subscriberId).subscribe({ limit: 10 }),
    );
  });
  const consume = useAction(async () => setPage(await subscriberOf(subscriberId).subscribe({ limit: 10 })));
  const commit = useAction(async () => {
    await subscriberOf(subscriberId, actor.value).commitCursor({ cursor: page!.cursor });
    setPage(undefined);
    onCommitted();
  });
  return (
    <div class="stack">
      <div class="row">
        <h3>What comes next</h3>
        <button type="button" class="button little" onClick={peek.run} disabled={peek.isRunning}>
          Peek
        </button>
        <button type="button" class="button little" onClick={consume.run} disabled={consume.isRunning}>
          Read as it
        </button>
      </div>
      <Failure error={peek.error ?? consume.error ?? commit.error} />
      {page && (
        <>
          {page.discontinuities.length > 0 && (
            <p class="small soft">
              Before them,{" "}
              {count(page.discontinuities.reduce((sum, each) => sum + each.toSequence - each.fromSequence + 1, 0))}{" "}
              messages are gone: expired, or of an earlier topic of this name.
            </p>
          )}
          <ol class="next">
            {page.messages.length === 0 && <li class="soft">Nothing: it has read everything.</li>}
            {page.messages.map((message) => (
              <li key={`${message.topic} ${message.id}`}>
                <span class="soft small">
                  <Time at={message.publishedAt} /> {topics.length > 1 && message.topic}
                </span>{" "}
                {message.title !== undefined && (
                  <strong>
                    <ForeignText text={message.title} max={60} />{" "}
                  </strong>
                )}
                <ForeignText text={bodyText(message.body, 200)} max={120} />
              </li>
            ))}
          </ol>
          {page.messages.length > 0 && (
            <button type="button" class="button" onClick={commit.run} disabled={commit.isRunning}>
              {page.messages.length === 1 ? "Commit this one" : `Commit these ${count(page.messages.length)}`}
            </button>
          )}
        </>
      )}
    </div>
  );
}
