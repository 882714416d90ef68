import { useState } from "preact/hooks";
import type { Json, MessageIn } from "#client/mod.ts";
import { Failure, Notice } from "../components/basics.tsx";
import { Dialog, useAction } from "../components/dialog.tsx";
import { Choice, Field, TextField } from "../components/fields.tsx";
import { counted } from "../format.ts";
import { batchesOf, messagesFromFile } from "../message-files.ts";
import { publishFromHere } from "../state/own.ts";

/** Publishes a message, or a file of them. */
export function PublishDialog({
  topic,
  onPublished,
  onClose,
}: {
  readonly topic: string;
  readonly onPublished: () => void;
  readonly onClose: () => void;
}) {
  const [way, setWay] = useState<"message" | "file">("message");
  return (
    <Dialog title={`Publish to “${topic}”`} onClose={onClose}>
      <Choice
        name="What to publish"
        value={way}
        options={[
          ["message", "A message"],
          ["file", "A file"],
        ]}
        onChange={setWay}
      />
      {way === "message" ? (
        <OneMessage topic={topic} onPublished={onPublished} />
      ) : (
        <FileOfMessages topic={topic} onPublished={onPublished} />
      )}
    </Dialog>
  );
}

interface Part {
  readonly topic: string;
  readonly onPublished: () => void;
}

function OneMessage({ topic, onPublished }: Part) {
  const [kind, setKind] = useState<"text" | "json">("text");
  const [body, setBody] = useState("");
  const [title, setTitle] = useState("");
  const [key, setKey] = useState("");
  const [said, setSaid] = useState("");
  const { run, isRunning, error } = useAction(async () => {
    setSaid("");
    const message: MessageIn = {
      body: kind === "text" ? body : parsed(body),
      ...(title !== "" && { title }),
      ...(key !== "" && { key }),
    };
    const { messages } = await publishFromHere(topic, message);
    setSaid(`Published as ${messages[0]!.id}, and safe on disk.`);
    setBody("");
    onPublished();
  });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <Field label={kind === "text" ? "Text" : "JSON"}>
        {(id) => (
          <textarea
            id={id}
            class={`input ${kind === "json" ? "mono" : ""}`}
            required
            value={body}
            onInput={(event) => setBody(event.currentTarget.value)}
          />
        )}
      </Field>
      <Choice
        name="The body is"
        value={kind}
        options={[
          ["text", "Text"],
          ["json", "JSON"],
        ]}
        onChange={setKind}
      />
      <div class="form-pair">
        <TextField label="Title" value={title} onInput={setTitle} hint="May be left out." />
        <TextField label="Key" value={key} onInput={setKey} hint="Messages with one key keep their order." />
      </div>
      <Failure error={error} />
      <p role="status">{said}</p>
      <div class="dialog-foot">
        <button type="submit" class="button main" disabled={isRunning}>
          Publish
        </button>
      </div>
    </form>
  );
}

function FileOfMessages({ topic, onPublished }: Part) {
  const [messages, setMessages] = useState<readonly MessageIn[]>([]);
  const [done, setDone] = useState<number>();
  const [file, setFile] = useState<File>();
  const { run, isRunning, error } = useAction(async () => {
    setDone(0);
    let published = 0;
    for (const batch of batchesOf(messages)) {
      await publishFromHere(topic, batch);
      published += batch.length;
      setDone(published);
    }
    onPublished();
  });
  const [unreadable, setUnreadable] = useState("");
  const choose = async (chosen: File | undefined): Promise<void> => {
    setFile(chosen);
    setDone(undefined);
    setMessages([]);
    setUnreadable("");
    if (!chosen) return;
    try {
      setMessages(await messagesFromFile(chosen));
    } catch (thrown) {
      setUnreadable((thrown as Error).message);
    }
  };
  return (
    <div class="form">
      <Field
        label="File"
        hint=".ndjson or .jsonl: a message on each line (an object with “body” is taken as it is, one with “text” gives body and title, anything else is the body). Any other text file: one message."
      >
        {(id) => (
          <input
            id={id}
            class="input"
            type="file"
            onChange={(event) => void choose(event.currentTarget.files?.[0] ?? undefined)}
          />
        )}
      </Field>
      {unreadable !== "" && <Notice tone="bad">{unreadable}</Notice>}
      <Failure error={error} />
      <p role="status">
        {done !== undefined
          ? `${counted(done, "message")} of ${counted(messages.length, "message")} published.`
          : file && messages.length > 0
            ? `${counted(messages.length, "message")} in ${file.name}.`
            : ""}
      </p>
      {isRunning && <progress class="progress" max={messages.length} value={done ?? 0} aria-label="Published" />}
      <div class="dialog-foot">
        <button type="button" class="button main" disabled={isRunning || messages.length === 0} onClick={run}>
          Publish the file
        </button>
      </div>
    </div>
  );
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new Error(`The body is not JSON: ${(cause as Error).message}. Choose “Text” to send it as it is.`);
  }
}
