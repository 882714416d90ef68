import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { bytes } from "../format.ts";

/**
 * Text that somebody else wrote. It is only ever text: never markup, cut to what can be drawn, isolated so that its
 * direction ends with it, and with its control characters made visible (Trojan Source, https://trojansource.codes).
 */
export function ForeignText({ text, max = 300 }: { readonly text: string; readonly max?: number }) {
  const cut = text.length > max;
  return (
    <bdi>
      {withVisibleControls(cut ? text.slice(0, max) : text)}
      {cut && "…"}
    </bdi>
  );
}

const drawnCharactersMax = 20_000;

/** A whole text, over several lines; what is longer than can be drawn at ease is drawn when asked for. */
export function WholeText({ text, label }: { readonly text: string; readonly label: string }) {
  const [shown, setShown] = useState(drawnCharactersMax);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="code tall wrapped" tabIndex={0} aria-label={label}>
        <bdi>{withVisibleControls(text.slice(0, shown), true)}</bdi>
      </section>
      {text.length > shown && (
        <p class="row small soft">
          The first {bytes(shown)} of {bytes(text.length)}.
          <button type="button" class="button little" onClick={() => setShown(shown * 4)}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}

/** C0 and C1 controls, marks and overrides of direction, invisible separators. Joiners stay: scripts and emoji need them. */
const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A text of nothing but controls would be a mark each: behind so many, they are left out. */
const marksMax = 1_000;

/** The text with each control character in its place as a mark that names it. With `lines`, line ends and tabs stay. */
export function withVisibleControls(text: string, lines = false): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(controls)) {
    const isSpace = /[\n\t\r]/.test(found);
    if (lines && isSpace) continue;
    parts.push(text.slice(from, index), isSpace ? " " : <ControlMark character={found} />);
    from = index + found.length;
    if (parts.length > 2 * marksMax) return [...parts, text.slice(from).replace(controls, "")];
  }
  return parts.length === 0 ? text : [...parts, text.slice(from)];
}

function ControlMark({ character }: { readonly character: string }) {
  const name = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  return (
    <span class="control" title="A control character, made visible">
      {name}
    </span>
  );
}
