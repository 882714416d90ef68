/** What a reader chose to keep on this device. Without that choice nothing secret is ever written down. */
interface Kept {
  readonly endpoint?: string;
  readonly key?: string | undefined;
}

const name = "bellwether.connection";

export function remembered(): Kept {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Kept) : {};
  } catch {
    return {};
  }
}

export function remember(kept: Kept): void {
  try {
    localStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing: the console works, and asks again next time.
  }
}

export function forget(): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // Then nothing is kept anyway.
  }
}
