import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 46rem)");
const narrow = signal(query.matches);
query.addEventListener("change", () => {
  narrow.value = query.matches;
});

/** Whether the page is as narrow as a phone: what must know its heights in pixels asks. */
export function useNarrow(): boolean {
  return narrow.value;
}
