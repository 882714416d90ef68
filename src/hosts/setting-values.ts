/** A setting that cannot be: which, what was given, and the rule. */
export class SettingError extends Error {
  override readonly name = "SettingError";
}

/** A list with commas between its parts; blank parts are left out. */
export function listFrom(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A whole number from `min` to `max`. Throws SettingError. */
export function integerFrom(variable: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new SettingError(`${variable} is "${text}"; it must be a whole number, ${min}..${max}.`);
}

/** `true` or `false`. Throws SettingError. */
export function booleanFrom(variable: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw new SettingError(`${variable} is "${text}"; it must be true or false.`);
}

/** One of the words allowed. Throws SettingError. */
export function wordFrom(variable: string, text: string, allowed: readonly string[]): string {
  if (allowed.includes(text)) return text;
  throw new SettingError(`${variable} is "${text}"; it must be one of ${allowed.join(", ")}.`);
}

/** The hashes of the admin keys, in lower case: none, one, or two while one replaces the other. Throws SettingError. */
export function adminKeyHashesFrom(text: string): string[] {
  const given = listFrom(text).map((hash) => hash.toLowerCase());
  if (given.length > 2 || given.some((hash) => !/^[0-9a-f]{64}$/.test(hash)))
    throw new SettingError(
      "ADMIN_KEY_SHA256 must be one or two SHA-256 hashes of 64 hex digits, with a comma between them.",
    );
  return given;
}

/** Of the characters that DynamoDB takes, and short enough for the names behind it. Throws SettingError. */
export function tablePrefixFrom(text: string): string {
  if (/^[A-Za-z0-9_.-]{1,200}$/.test(text)) return text;
  throw new SettingError(`TABLE_PREFIX is "${text}"; it must be 1..200 of the characters A-Z a-z 0-9 _ . and -.`);
}
