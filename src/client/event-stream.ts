import { BellwetherError } from "#contract/errors.ts";
import { limits } from "#contract/limits.ts";

/** One event: its type (`message` when none was given), its data, and the last id given up to it. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Reads an event stream piece by piece. */
export interface EventStreamParser {
  /** Gives the events that are whole with this chunk. Throws `internal` when one event passes the size limit. */
  push(chunk: Uint8Array): StreamEvent[];
  /** The id to resume after; it also moves with events that carry no data. */
  readonly lastEventId: string;
  /** The time that the service asks to wait before reconnecting. */
  readonly retryMs: number | undefined;
}

/** A stored message of 256 KiB spelled as JSON with six characters for a byte, and as much again. */
export const eventCharactersMax = 2 * limits.bodyBytesMax;

/**
 * Makes a parser of `text/event-stream`: lines end with CR, LF or CRLF wherever the chunks are cut; a byte order mark
 * at the start and comments are left out; unknown fields are ignored.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventStreamParser(charactersMax: number = eventCharactersMax): EventStreamParser {
  const decoder = new TextDecoder();
  let partialLine = "";
  let afterCarriageReturn = false;
  let eventType = "";
  let data: string[] = [];
  let size = 0;
  let nextId = "";
  let lastEventId = "";
  let retryMs: number | undefined;

  function takeLine(line: string): StreamEvent | undefined {
    if (line === "") return dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      data.push(value);
      size += value.length + 1;
    } else if (field === "event") eventType = value;
    else if (field === "id" && !value.includes("\0")) nextId = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
    return undefined;
  }

  function dispatch(): StreamEvent | undefined {
    lastEventId = nextId;
    const event = { event: eventType || "message", data: data.join("\n"), id: lastEventId };
    const isEmpty = data.length === 0;
    eventType = "";
    data = [];
    size = 0;
    return isEmpty ? undefined : event;
  }

  return {
    push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      const events: StreamEvent[] = [];
      let start = 0;
      if (afterCarriageReturn && text !== "") {
        if (text[0] === "\n") start = 1;
        afterCarriageReturn = false;
      }
      const lineEnd = /\r\n|\r|\n/g;
      lineEnd.lastIndex = start;
      for (let match = lineEnd.exec(text); match; match = lineEnd.exec(text)) {
        const event = takeLine(partialLine + text.slice(start, match.index));
        if (event) events.push(event);
        partialLine = "";
        start = lineEnd.lastIndex;
        afterCarriageReturn = match[0] === "\r" && start === text.length;
      }
      partialLine += text.slice(start);
      if (partialLine.length + size > charactersMax) {
        throw new BellwetherError("internal", `An event of the stream is larger than ${charactersMax} characters.`);
      }
      return events;
    },
    get lastEventId() {
      return lastEventId;
    },
    get retryMs() {
      return retryMs;
    },
  };
}
