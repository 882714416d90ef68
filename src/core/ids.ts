/** Where randomness comes from, so that tests can repeat it. */
export interface Ids {
  /** A new id: 16 characters `[a-z0-9]`, about 82 bits. */
  id(): string;
  /** A new secret: 43 characters base64url, 256 bits. */
  secret(): string;
  /** A whole number in [0, below). */
  integer(below: number): number;
}
