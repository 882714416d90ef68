import { BellwetherError } from "#contract/errors.ts";
import type { Message } from "#contract/types.ts";
import { isTransient } from "./retries.ts";

/** What a committer does with the service. */
export interface CommitterSettings {
  commit(cursor: string): Promise<void>;
  /** A cursor behind as many of these messages, which follow `after`, as can be told, and behind no other. */
  cursorBehind(after: string | undefined, messages: readonly Message[]): Promise<string | undefined>;
  /** Called once, when committing has become pointless: the subscriber was moved, deleted or forbidden. */
  onFailure(error: unknown): void;
  readonly everyMs: number;
  readonly everyMessages: number;
}

/** Commits what was processed, now and then, in the background, one commit at a time. */
export interface Committer {
  /** A message is done. `cursor` lies behind it, or is undefined within a page, which has only one at its end. */
  processed(message: Message, cursor: string | undefined): void;
  /** Commits the rest; nothing after a failure. */
  finish(): Promise<void>;
}

/** Makes a committer. A failure that may pass is tried again with the next commit; the cursor is only ever too old, never too new. */
export function createCommitter(settings: CommitterSettings): Committer {
  let committable: string | undefined;
  let pageStart: string | undefined;
  let withinPage: Message[] = [];
  let messages = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let underWay: Promise<void> | undefined;
  let failed = false;

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    if (underWay || failed || committable === undefined) return;
    const cursor = committable;
    committable = undefined;
    messages = 0;
    underWay = commit(cursor).finally(() => {
      underWay = undefined;
      if (committable !== undefined) startLater();
    });
  }

  function startLater(): void {
    if (!failed) timer ??= setTimeout(start, settings.everyMs);
  }

  async function commit(cursor: string): Promise<void> {
    try {
      await settings.commit(cursor);
    } catch (error) {
      if (error instanceof BellwetherError && isTransient(error)) committable ??= cursor;
      else {
        failed = true;
        settings.onFailure(error);
      }
    }
  }

  return {
    processed(message, cursor) {
      messages += 1;
      if (cursor === undefined) {
        withinPage.push(message);
        return;
      }
      committable = cursor;
      pageStart = cursor;
      withinPage = [];
      if (messages >= settings.everyMessages) start();
      else startLater();
    },
    async finish() {
      clearTimeout(timer);
      await underWay;
      clearTimeout(timer);
      if (failed) return;
      if (withinPage.length > 0) committable = (await settings.cursorBehind(pageStart, withinPage)) ?? committable;
      if (committable !== undefined) await settings.commit(committable);
    },
  };
}
