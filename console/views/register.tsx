import { useState } from "preact/hooks";
import { Copy, Failure, Notice } from "../components/basics.tsx";
import { Dialog, useAction } from "../components/dialog.tsx";
import { Select, TextField } from "../components/fields.tsx";
import { actor } from "../state/connection.ts";
import { ownPublishers, ownSubscribers } from "../state/own.ts";

/** Registers, and shows the token, which is shown this once. */
export function RegisterDialog({
  kind,
  onRegistered,
  onClose,
}: {
  readonly kind: "publishers" | "subscribers";
  readonly onRegistered: () => void;
  readonly onClose: () => void;
}) {
  const what = kind === "publishers" ? "publisher" : "subscriber";
  const [name, setName] = useState("");
  const [topics, setTopics] = useState("");
  const [from, setFrom] = useState("latest");
  const [registered, setRegistered] = useState<{ readonly id: string; readonly token: string }>();
  const { run, isRunning, error } = useAction(async () => {
    const named = topics.split(/[\s,]+/).filter((each) => each !== "");
    if (kind === "publishers") {
      const publisher = await actor.value.registerPublisher({ name, topics: named });
      ownPublishers.value = [...ownPublishers.value, publisher];
      setRegistered({ id: publisher.publisherId, token: publisher.token });
    } else {
      const request = { topics: named, from, ...(name !== "" && { name }) };
      const subscriber = await actor.value.registerSubscriber(request);
      ownSubscribers.value = [...ownSubscribers.value, subscriber];
      setRegistered({ id: subscriber.subscriberId, token: subscriber.token });
    }
    onRegistered();
  });
  if (registered) return <Token what={what} {...registered} onClose={onClose} />;
  return (
    <Dialog title={`Register a ${what}`} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <TextField
          label="Name"
          required={kind === "publishers"}
          value={name}
          onInput={setName}
          hint={kind === "publishers" ? "Who publishes, for those who look." : "May be left out."}
        />
        <TextField
          label="Topics"
          required
          value={topics}
          onInput={setTopics}
          hint="One to ten, with commas or spaces between them. Those that do not exist are made."
        />
        {kind === "subscribers" && (
          <Select
            label="Begins"
            value={from}
            options={[
              ["latest", "with what is published from now on"],
              ["earliest", "with the first message that is kept"],
            ]}
            onChange={setFrom}
          />
        )}
        <Failure error={error} />
        <div class="dialog-foot">
          <button type="submit" class="button main" disabled={isRunning}>
            Register
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Token({
  what,
  id,
  token,
  onClose,
}: {
  readonly what: string;
  readonly id: string;
  readonly token: string;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="Registered" onClose={onClose}>
      <Notice tone="warn">
        <strong>The token is shown this once.</strong> The service keeps only its hash: copy it now to where the {what}{" "}
        reads it.
      </Notice>
      <dl class="facts">
        <dt>Id</dt>
        <dd class="row">
          <span class="mono">{id}</span>
          <Copy text={id} what="the id" />
        </dd>
        <dt>Token</dt>
        <dd class="row">
          <span class="mono" data-token>
            {token}
          </span>
          <Copy text={token} what="the token" />
        </dd>
      </dl>
      <div class="dialog-foot">
        <button type="button" class="button main" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
