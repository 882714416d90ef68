import type { JSX } from "preact";

const drawn = (d: string): JSX.Element => (
  <svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={d} />
  </svg>
);

/** The signs beside the names of the views. */
export const icons: Readonly<Record<string, JSX.Element>> = {
  overview: drawn("M4 15a8 8 0 1 1 16 0M12 15l4-4M4 19h16"),
  topics: drawn("M5 5h14M5 10h14M5 15h9M5 20h9"),
  people: drawn(
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M3 20a6 6 0 0 1 12 0M16 4.5a3.5 3.5 0 0 1 0 6M17.5 15a6 6 0 0 1 3.5 5",
  ),
  terms: drawn("M5 6h14M5 12h10M5 18h5"),
  functions: drawn("M8 5 3 12l5 7M16 5l5 7-5 7"),
  tables: drawn("M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9"),
};

/** The bell. */
export const brandIcon: JSX.Element = (
  <svg viewBox="0 0 32 32" aria-hidden="true" class="brand-icon">
    <rect width="32" height="32" rx="8" />
    <path d="M9 21c2-1.6 2.5-3.5 2.5-6.5a4.5 4.5 0 0 1 9 0c0 3 .5 4.9 2.5 6.5z" />
    <circle cx="16" cy="24" r="2" />
  </svg>
);
