import { useEffect, useState } from "preact/hooks";
import type { DeployedFunction, FunctionEvent, Invocation, Json } from "#client/mod.ts";
import { Failure, Notice, Panel } from "../components/basics.tsx";
import { useAction } from "../components/dialog.tsx";
import { Field, Select } from "../components/fields.tsx";
import { WholeText } from "../components/text.tsx";
import { milliseconds } from "../format.ts";
import { actor, client, key } from "../state/connection.ts";
import { useLive } from "../state/live.ts";
import { setParams } from "../state/route.ts";
import { savedEvents, saveEvent } from "../state/saved-events.ts";

/** Runs the real handler of a function with an event, against the store there is. */
export function TestTool({
  tried,
  functions,
  onRun,
}: {
  readonly tried: DeployedFunction;
  readonly functions: readonly DeployedFunction[];
  readonly onRun: () => void;
}) {
  const name = tried.function;
  const templates = useLive((signal) => client.value.listFunctionEvents(name, { signal }), [name]);
  const events = [...(templates.value?.items ?? []), ...savedEvents(name)];
  const [chosen, setChosen] = useState("");
  const [text, setText] = useState("");
  const [saved, setSaved] = useState("");
  const [done, setDone] = useState<Invocation>();
  const choose = (event: FunctionEvent | undefined): void => {
    if (!event) return;
    setChosen(event.name);
    setText(JSON.stringify(event.event, null, 2));
    setDone(undefined);
  };
  // Dependencies: the first template, once it is there
  useEffect(() => {
    if (text === "") choose(events[0]);
  }, [events.length]);
  const { run, isRunning, error } = useAction(async () => {
    setDone(undefined);
    setDone(await actor.value.invokeFunction(name, { event: withKey(parsed(text)) }));
    onRun();
  });
  const save = (): void => {
    const called = `My event ${savedEvents(name).length + 1}`;
    saveEvent(name, { name: called, event: parsed(text) });
    setChosen(called);
    setSaved(`Saved as “${called}” on this device, without your key.`);
  };
  const saving = useAction(async () => save());
  return (
    <Panel
      title="Test tool"
      aside={
        <button type="button" class="button little" onClick={() => setParams({ tool: undefined })}>
          Close
        </button>
      }
    >
      <p class="soft">{tried.description} It runs for real, against what this service holds.</p>
      {templates.value?.items.length === 0 && (
        <Notice>
          This service does not run functions for the console: it only knows their names. On AWS, try them in the Lambda
          console.
        </Notice>
      )}
      <div class="tool">
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <div class="form-pair">
            <Select
              label="Function"
              value={name}
              options={functions.map((each) => [each.function, each.function])}
              onChange={(value) => setParams({ tool: value })}
            />
            <Select
              label="Event"
              value={chosen}
              options={events.map((each) => [each.name, each.name])}
              onChange={(value) => choose(events.find((each) => each.name === value))}
            />
          </div>
          <Field
            label="Event, as JSON"
            hint={
              key.value === undefined
                ? "TOKEN in it stands for a token or key. You gave this page none, and it is left out when it runs."
                : "TOKEN in it stands for the key you gave this page, which is put in when it runs."
            }
          >
            {(id) => (
              <textarea
                id={id}
                class="input mono event"
                spellcheck={false}
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
              />
            )}
          </Field>
          <Failure error={templates.error ?? error ?? saving.error} />
          <div class="row">
            <button type="submit" class="button main" disabled={isRunning || text === ""}>
              {isRunning ? "Running…" : `Run ${name}`}
            </button>
            <button type="button" class="button" disabled={text === ""} onClick={saving.run}>
              Save the event
            </button>
            <span class="small soft" role="status">
              {saved}
            </span>
          </div>
        </form>
        <div class="stack" aria-live="polite">
          {done ? <Outcome of={done} /> : <p class="empty">What the function answers, and what it logs, comes here.</p>}
        </div>
      </div>
    </Panel>
  );
}

function Outcome({ of: { status, result, logs, durationMs, error } }: { readonly of: Invocation }) {
  const code = statusCodeOf(result);
  const tone = status === "failed" || (code !== undefined && code >= 400) ? "bad" : "good";
  return (
    <>
      <p class="row">
        <span class={`mark ${tone}`}>
          {status === "failed" ? "failed" : code === undefined ? "succeeded" : `answered ${code}`}
        </span>
        <span>in {milliseconds(durationMs)}</span>
      </p>
      {error && (
        <Notice tone="bad">
          {error.name}: {error.message}
        </Notice>
      )}
      <h3>Result</h3>
      <WholeText text={JSON.stringify(unfolded(result), null, 2)} label="Result" />
      <h3>Logs</h3>
      {logs.length === 0 ? (
        <p class="soft">It logged nothing.</p>
      ) : (
        <WholeText text={logs.map((line) => line.trimEnd()).join("\n")} label="Logs" />
      )}
    </>
  );
}

function statusCodeOf(result: Json): number | undefined {
  const code = typeof result === "object" && result !== null && "statusCode" in result ? result.statusCode : undefined;
  return typeof code === "number" ? code : undefined;
}

/** The body of an answer of API Gateway is JSON in a string: shown unfolded. */
function unfolded(result: Json): Json {
  if (typeof result !== "object" || result === null || !("body" in result)) return result;
  if (typeof result.body !== "string") return result;
  try {
    return { ...result, body: JSON.parse(result.body) as Json };
  } catch {
    return result;
  }
}

/** The key is put in where the event says so, and nowhere shown or kept. Without one, the call is made without. */
function withKey(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("Bearer TOKEN", `Bearer ${key.value ?? "TOKEN"}`);
  if (Array.isArray(value)) return value.map(withKey);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => key.value !== undefined || !isPlaceholder(each));
  return Object.fromEntries(entries.map(([name, each]) => [name, withKey(each)]));
}

/** A header that holds nothing else, alone or in a list. */
function isPlaceholder(value: Json): boolean {
  return [value, [value].flat()[0]].includes("Bearer TOKEN");
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new Error(`The event is not JSON: ${(cause as Error).message}`);
  }
}
