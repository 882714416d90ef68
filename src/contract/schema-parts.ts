import * as z from "zod/mini";
import { limits } from "./limits.ts";

/*
 * What the schemas of requests and answers have in common. What makes one is a function that is marked as having no effect,
 * so that a bundle leaves out those that it does not name.
 */

// @__NO_SIDE_EFFECTS__
export function matching(pattern: RegExp, message: string): z.ZodMiniString {
  return z.string().check(z.regex(pattern, message));
}

// @__NO_SIDE_EFFECTS__
export function text(max: number, min = 0): z.ZodMiniString {
  return z.string().check(z.minLength(min), z.maxLength(max));
}

// @__NO_SIDE_EFFECTS__
export function integer(min: number, max: number): z.ZodMiniNumber {
  return z.int().check(z.minimum(min), z.maximum(max));
}

// @__NO_SIDE_EFFECTS__
export function listOf<T extends z.ZodMiniType>(item: T, max: number, min = 0): z.ZodMiniArray<T> {
  return z.array(item).check(...(min > 0 ? [z.minLength(min)] : []), z.maxLength(max));
}

export const topicName: z.ZodMiniString = matching(
  /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/,
  "must be 1..128 of A-Z a-z 0-9 . _ ~ - and begin with a letter or digit",
);
export const id: z.ZodMiniString = matching(/^[a-z0-9]{1,32}$/, "must be an id as Bellwether gave it");
export const cursor: z.ZodMiniString = text(limits.cursorBytesMax, 1);
export const time: z.ZodMiniType<string> = rfc3339();

/** What is counted of a topic's words, and how. */
export const termsSettings: {
  readonly enabled: z.ZodMiniBoolean;
  readonly languages: z.ZodMiniArray<z.ZodMiniString>;
  readonly hidden: z.ZodMiniArray<z.ZodMiniString>;
} = {
  enabled: z.boolean(),
  languages: listOf(text(16, 1), limits.languagesMax),
  hidden: listOf(text(64, 1), limits.hiddenTermsMax),
};

// @__NO_SIDE_EFFECTS__
function rfc3339(): z.ZodMiniType<string> {
  return z.iso.datetime({ offset: true });
}
