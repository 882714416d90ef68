import type { Message } from "#contract/types.ts";
import type { TopicRecord } from "#core/store.ts";
import { fold } from "#terms/fold.ts";
import { stopWordsFor } from "#terms/stop-words.ts";
import { messageTerms } from "#terms/tokenize.ts";

/** Which messages are wanted; all when nothing is said, else those that meet all of it. */
export interface MessageFilter {
  /** A text in title, body, attributes or key, in any case. Of a body that is no text, its JSON is looked at. */
  readonly contains?: string;
  /** A term that the message counts for. */
  readonly term?: string;
  readonly key?: string;
}

/** The filter as a question about a message's JSON, or undefined when all are wanted. */
export function wantedBy(
  { contains, term, key }: MessageFilter,
  topic: TopicRecord,
): ((message: string) => boolean) | undefined {
  const tests: ((message: Message) => boolean)[] = [];
  if (key !== undefined) tests.push((message) => message.key === key);
  if (contains !== undefined) {
    const folded = fold(contains);
    tests.push((message) => fold(textOf(message)).includes(folded));
  }
  if (term !== undefined) {
    const folded = fold(term);
    const stopWords = stopWordsFor(topic.terms.languages);
    tests.push((message) => messageTerms(message, { stopWords }).has(folded));
  }
  if (tests.length === 0) return undefined;
  return (text) => {
    const message = JSON.parse(text) as Message;
    return tests.every((test) => test(message));
  };
}

function textOf({ title, body, attributes, key }: Message): string {
  const parts = [title, key, ...Object.entries(attributes ?? {}).flat()];
  parts.push(typeof body === "string" ? body : JSON.stringify(body));
  return parts.filter((part) => part !== undefined).join("\n");
}
