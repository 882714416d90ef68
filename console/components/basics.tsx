import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import type { BellwetherError } from "#client/mod.ts";
import { ago, count, exactTime, localTime, shortCount } from "../format.ts";
import { now } from "../state/live.ts";

/** The head of a view: its name, which takes the focus when the reader comes, what it is for, and what can be done. */
export function ViewHead({
  title,
  about,
  children,
}: {
  readonly title: ComponentChildren;
  readonly about?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="view-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {about !== undefined && <p>{about}</p>}
      </div>
      {children !== undefined && <div class="row">{children}</div>}
    </header>
  );
}

/** A part of a view under a heading. */
export function Panel({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** One figure of a row of them. */
export function Figure({
  name,
  value,
  unit,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        {unit !== undefined && <span class="unit">{unit}</span>}
      </dd>
      {children !== undefined && <dd class="small soft">{children}</dd>}
    </div>
  );
}

/** A time as the reader's clock has it, or how long ago it was; the exact instant on hover. */
export function Time({
  at,
  relative = false,
}: {
  readonly at: string | undefined | null;
  readonly relative?: boolean;
}) {
  if (at === undefined || at === null) return <span class="soft">never</span>;
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relative ? ago(atMs, now.value) : localTime(atMs, now.value)}
    </time>
  );
}

/** A number that is short where there is little room, and whole on hover. */
export function Count({ value }: { readonly value: number }) {
  return <span title={count(value)}>{shortCount(value)}</span>;
}

/** Says something aside; `bad` interrupts a screen reader. */
export function Notice({
  tone = "plain",
  children,
}: {
  readonly tone?: "plain" | "warn" | "bad";
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "note"}>
      {children}
    </div>
  );
}

/** What went wrong in the service's words, which say what to do. */
export function Failure({ error }: { readonly error: BellwetherError | undefined }) {
  if (error === undefined) return null;
  return (
    <Notice tone="bad">
      {error.message} <span class="soft small mono">{error.code}</span>
    </Notice>
  );
}

/** What stands where something is still asked for, or could not be had. */
export function Waiting({ error }: { readonly error: BellwetherError | undefined }) {
  if (error !== undefined && error.code !== "connection_failed") return <Failure error={error} />;
  return (
    <p class="empty" role="status">
      {error === undefined ? "Loading…" : "Waiting for the service…"}
    </p>
  );
}

/** A button that copies, and says that it did. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <button type="button" class="button little" aria-label={`Copy ${what}`} onClick={() => void copy().catch(() => {})}>
      <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
    </button>
  );
}

/** A line or more to be pasted into a shell. */
export function CodeLine({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div class="code-line">
      <Code text={text} what={what} />
      <Copy text={text} what={what} />
    </div>
  );
}

/** Text of a machine, as it is. */
export function Code({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="code" tabIndex={0} aria-label={what}>
      {text}
    </section>
  );
}
