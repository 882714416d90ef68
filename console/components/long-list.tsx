import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Settings<T> {
  readonly items: readonly T[];
  /** Each line has this height, in pixels: so where a line is follows from its number. */
  readonly lineHeight: number;
  /** How high the list may be, in pixels. */
  readonly heightMax: number;
  readonly label: string;
  readonly keyOf: (item: T) => string;
  readonly line: (item: T, index: number) => ComponentChildren;
  /** Called when the end comes into sight. */
  readonly onEnd?: (() => void) | undefined;
}

/** A list of any length in which only the lines that are seen, and a few around them, are there. */
export function LongList<T>({ items, lineHeight, heightMax, label, keyOf, line, onEnd }: Settings<T>) {
  const [top, setTop] = useState(0);
  const end = useRef(onEnd);
  end.current = onEnd;
  const height = Math.min(heightMax, items.length * lineHeight);
  const first = Math.max(0, Math.floor(top / lineHeight) - 5);
  const last = Math.min(items.length, Math.ceil((top + height) / lineHeight) + 5);
  const isAtEnd = last >= items.length;

  // Dependencies: said again when there are more
  useLayoutEffect(() => {
    if (isAtEnd) end.current?.();
  }, [isAtEnd, items.length]);

  return (
    <section
      class="long-list"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      tabIndex={0}
      aria-label={label}
      style={{ height: `${height}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <ul class="all" style={{ height: `${items.length * lineHeight}px` }}>
        {items.slice(first, last).map((item, offset) => (
          <li
            key={keyOf(item)}
            class="line"
            aria-setsize={items.length}
            aria-posinset={first + offset + 1}
            style={{ top: `${(first + offset) * lineHeight}px`, height: `${lineHeight}px` }}
          >
            {line(item, first + offset)}
          </li>
        ))}
      </ul>
    </section>
  );
}
