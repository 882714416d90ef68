import { useState } from "preact/hooks";
import { Panel, ViewHead } from "../components/basics.tsx";
import { Choice, TextField } from "../components/fields.tsx";
import { route, setParams } from "../state/route.ts";
import { PublisherList } from "./publishers.tsx";
import { RegisterDialog } from "./register.tsx";
import { SubscriberDialog } from "./subscriber.tsx";
import { SubscriberList } from "./subscribers.tsx";

type Kind = "subscribers" | "publishers";

/** Who publishes and who subscribes: where each stands, and what can be done with them. */
export function PeopleView() {
  const { kind: named, search, topic, subscriber } = route.value.params;
  const kind: Kind = named === "publishers" ? "publishers" : "subscribers";
  const [isRegistering, setRegistering] = useState(false);
  const [changes, setChanges] = useState(0);
  const changed = (): void => setChanges((times) => times + 1);
  return (
    <>
      <ViewHead
        title="Publishers & subscribers"
        about="Who may publish, who reads, how far behind each is, and when they were last heard of."
      >
        <button type="button" class="button main" onClick={() => setRegistering(true)}>
          Register a {kind === "subscribers" ? "subscriber" : "publisher"}
        </button>
      </ViewHead>
      <Panel
        title={kind === "subscribers" ? "Subscribers" : "Publishers"}
        aside={
          <Choice<Kind>
            name="Whom to show"
            value={kind}
            options={[
              ["subscribers", "Subscribers"],
              ["publishers", "Publishers"],
            ]}
            onChange={(value) => setParams({ kind: value })}
          />
        }
      >
        <div class="form-pair">
          <TextField
            label="Name contains, or id begins with"
            type="search"
            value={search ?? ""}
            onInput={(value) => setParams({ search: value })}
          />
          <TextField
            label="Of the topic"
            type="search"
            value={topic ?? ""}
            onInput={(value) => setParams({ topic: value })}
          />
        </div>
        {kind === "subscribers" ? (
          <SubscriberList key={changes} search={search} topic={topic} />
        ) : (
          <PublisherList key={changes} search={search} topic={topic} onChanged={changed} />
        )}
      </Panel>
      {isRegistering && <RegisterDialog kind={kind} onRegistered={changed} onClose={() => setRegistering(false)} />}
      {subscriber !== undefined && (
        <SubscriberDialog
          subscriberId={subscriber}
          onChanged={changed}
          onClose={() => setParams({ subscriber: undefined })}
        />
      )}
    </>
  );
}
