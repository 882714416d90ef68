import { fold } from "./fold.ts";
import { TermSet } from "./term-set.ts";
import { utf8Prefix } from "./utf8.ts";
import { addWords } from "./words.ts";

/** How much text of one message is looked at, in bytes of UTF-8: bounds the time that a message can cost. */
export const messageTextBytesMax = 65_536;

/** How many distinct terms one message can count towards: bounds how much of a summary a message can fill. */
export const messageTermsMax = 256;

/** `stopWords` are folded, as `stopWordsFor` gives them; the default is none. */
export interface TokenizeOptions {
  readonly stopWords?: ReadonlySet<string>;
}

/**
 * The distinct terms of a text, in reading order.
 *
 * The text is folded (`fold`) and URLs are cut out of it; `#tag` and `@name` are terms with their sigil, and the rest are
 * the words of UAX #29 that hold a letter. Left out: pure numbers, single Latin letters, stop words, and what is longer
 * than 64 bytes of UTF-8. Time is linear in the text, of which all is read: `messageTerms` has the limits.
 */
export function tokenize(text: string, options: TokenizeOptions = {}): Set<string> {
  const found = new TermSet(options.stopWords ?? noStopWords, Number.POSITIVE_INFINITY);
  addWords(cutUrls(fold(text)), found);
  return found.terms;
}

/** A message as far as its terms go: text in its title and anywhere in its JSON body. */
export interface MessageText {
  readonly title?: string;
  readonly body: unknown;
}

/**
 * The terms by which a message is counted: those of its title and of every string in its JSON body, keys excepted, in
 * reading order; within the first 64 KB of text (a code point is never cut) and up to 256 distinct terms.
 */
export function messageTerms(message: MessageText, options: TokenizeOptions = {}): Set<string> {
  const found = new TermSet(options.stopWords ?? noStopWords, messageTermsMax);
  addMessageTerms(message, found);
  return found.terms;
}

/** Adds the terms of a message to `found`, which may hold `messageTermsMax`. */
export function addMessageTerms(message: MessageText, found: TermSet): void {
  let bytesLeft = messageTextBytesMax;
  for (const text of stringsOf([message.title, message.body])) {
    const { end, bytes } = utf8Prefix(text, bytesLeft);
    addWords(cutUrls(fold(text.slice(0, end))), found);
    bytesLeft -= bytes;
    if (end < text.length || found.full) break;
  }
}

const noStopWords: ReadonlySet<string> = new Set();

/** The strings of a JSON value in reading order. Keeps its own stack: nesting is limited by nobody before us. */
function* stringsOf(json: unknown): Generator<string> {
  const stack: unknown[] = [json];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value === "string") yield value;
    else if (typeof value === "object" && value !== null) {
      const children = Object.values(value);
      for (let i = children.length - 1; i >= 0; i--) stack.push(children[i]);
    }
  }
}

/** Puts a space for each URL. It goes as far as the characters of RFC 3986 do, so that 路径 behind it stays text. */
export function cutUrls(folded: string): string {
  if (!folded.includes("://") && !folded.includes("www.")) return folded;
  return folded.replace(urls, " ");
}

const urls = /(?<!\w)(?:(?:https?|ftp):\/\/|www\.)[\w\-.~:/?#[\]@!$&'()*+,;=%]*/g;
