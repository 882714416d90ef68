import { decodeEntry, type Entry } from "#core/entry.ts";
import type { TopicRecord } from "#core/store.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { messageTerms } from "#terms/tokenize.ts";

/** Cuts entries into the terms of their messages, as the topic's settings say. */
export class EntryCutter {
  readonly #stopWords = new Map<string, ReadonlySet<string>>();

  /** The terms of each message. One that cannot be cut has none, and is among the `uncuttable`. */
  cut(entry: Entry, topic: TopicRecord): { terms: ReadonlySet<string>[]; uncuttable: number } {
    const stopWords = this.stopWordsOf(topic);
    let uncuttable = 0;
    const terms = decodeEntry(entry).map(({ tail }) => {
      try {
        return messageTerms(JSON.parse(`{${tail}`), { stopWords });
      } catch {
        uncuttable += 1;
        return new Set<string>();
      }
    });
    return { terms, uncuttable };
  }

  stopWordsOf({ terms }: TopicRecord): ReadonlySet<string> {
    const key = terms.languages.join();
    let words = this.#stopWords.get(key);
    if (!words) {
      words = stopWordsFor(terms.languages);
      this.#stopWords.set(key, words);
    }
    return words;
  }
}
