const quote = 34;
const backslash = 92;

/** Where the elements of an array stand in the text that holds it. */
export interface Elements {
  /** The start and the end of the first, of the second, and so on. */
  readonly bounds: readonly number[];
  /** How deep arrays and objects stand in one another in the deepest of them. */
  readonly depth: number;
}

/**
 * The elements of the array in `{"messages":[...]}`, or undefined where the text has not that simple form (the name spelled
 * with escapes, or given twice). The text has been parsed before, so its brackets and strings are sound.
 */
export function splitElements(text: string, count: number): Elements | undefined {
  const head = /^\s*\{\s*"messages"\s*:\s*\[/.exec(text);
  if (!head) return undefined;
  const bounds: number[] = [];
  let start = head[0].length;
  let depth = 0;
  let deepest = 0;
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (code === 0x2c && depth === 0) {
      bounds.push(start, at);
      start = at + 1;
    } else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) break;
      depth--;
    }
  }
  if (count > 0) bounds.push(start, at);
  const isWhole = bounds.length === 2 * count && /^\]\s*\}\s*$/.test(text.slice(at));
  return isWhole ? { bounds, depth: deepest } : undefined;
}

/** Whether arrays and objects stand deeper in one another than that. The text has been parsed before. */
export function nestsDeeperThan(text: string, depthMax: number): boolean {
  // Each level takes two brackets.
  if (text.length <= 2 * depthMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** The index of the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
}
