import { decodeEntry, type Entry } from "#core/entry.ts";
import type { TopicRecord } from "#core/store.ts";
import type { MessageCounter } from "#terms/message-counter.ts";
import { stopWordsFor } from "#terms/stop-words.ts";

/**
 * Counts the messages of an entry; gives how many of them could not be cut. Those count as messages without terms: one
 * that is damaged, or that the tokenizer fails at, must not keep all others behind it from being counted.
 */
export function countEntry(entry: Entry, counter: MessageCounter): number {
  let uncuttable = 0;
  for (const tail of tailsOf(entry)) {
    try {
      counter.add(JSON.parse(`{${tail}`));
    } catch {
      counter.addBlank();
      uncuttable++;
    }
  }
  return uncuttable;
}

/** Of a damaged entry as many empty ones, which cannot be cut. */
function tailsOf(entry: Entry): string[] {
  try {
    return decodeEntry(entry).map(({ tail }) => tail);
  } catch {
    return new Array<string>(entry.count).fill("");
  }
}

/** The stop words of topics, made once for each choice of languages. */
export class TopicStopWords {
  readonly #byLanguages = new Map<string, ReadonlySet<string>>();

  of({ terms }: TopicRecord): ReadonlySet<string> {
    const key = terms.languages.join();
    let words = this.#byLanguages.get(key);
    if (!words) {
      words = stopWordsFor(terms.languages);
      this.#byLanguages.set(key, words);
    }
    return words;
  }
}
