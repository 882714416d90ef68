import { hash, timingSafeEqual } from "node:crypto";

/** What a token stands for: `pub` a publisher, `sub` a subscriber, `str` one subscriber's stream in a URL. */
export type TokenKind = "pub" | "sub" | "str";

const pattern = /^bw_(pub|sub|str)_([a-z0-9]{1,32})_([A-Za-z0-9_-]{16,64})$/;

/** `bw_<kind>_<id>_<secret>`. The prefix lets secret scanners find leaked ones. */
export function encodeToken(kind: TokenKind, id: string, secret: string): string {
  return `bw_${kind}_${id}_${secret}`;
}

/** The parts of a token, or undefined when the text is none. */
export function decodeToken(token: string): { kind: TokenKind; id: string; secret: string } | undefined {
  const match = pattern.exec(token);
  return match ? { kind: match[1] as TokenKind, id: match[2]!, secret: match[3]! } : undefined;
}

/** What is stored of a secret: SHA-256 in hex. The secrets are 256 random bits, so a slow hash would add nothing. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** Whether the secret has this hash, in time that does not depend on where they differ. */
export function secretMatches(secret: string, secretHash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), "hex"), Buffer.from(secretHash, "hex"));
}
