import type { ComponentChildren } from "preact";
import type { PopularTerm, PopularTerms } from "#client/mod.ts";
import { count, percent } from "../format.ts";
import { Spark } from "./spark.tsx";
import { ForeignText } from "./text.tsx";

interface Settings {
  readonly answer: PopularTerms;
  /** How many were asked for: what `certain` refers to. */
  readonly limit: number;
  readonly linkFor: (term: string) => string;
  readonly selected?: string | undefined;
  /** How each term's count went, if that was asked. */
  readonly historyOf?: (term: string) => readonly number[] | undefined;
}

/** Ranked bars: how many messages contain each term, and by how many that may be too few. */
export function TermBars({ answer, limit, linkFor, selected, historyOf }: Settings) {
  const max = Math.max(1, ...answer.terms.map(({ count: counted, error }) => counted + error));
  return (
    <ol class={`bars ${historyOf ? "with-history" : ""}`}>
      {answer.terms.map((each, i) => (
        <li key={each.term} class="bar-row">
          <span class="rank">{i + 1}</span>
          <a class="term" href={linkFor(each.term)} {...(each.term === selected && { "aria-current": "true" })}>
            <ForeignText text={each.term} max={64} />
          </a>
          <Bar from={each.count / max} to={(each.count + each.error) / max} />
          <span class="amount">{countText(each)}</span>
          <span class="says">{certainty(each, answer, limit)}</span>
          {historyOf && <Spark values={historyOf(each.term) ?? []} label={`How “${each.term}” went`} />}
        </li>
      ))}
    </ol>
  );
}

/** A bar to the count, with a whisker to the most that it can truly be; both as parts of the whole width. */
export function Bar({ from, to = from }: { readonly from: number; readonly to?: number }): ComponentChildren {
  return (
    <span class="bar" aria-hidden="true">
      <span class="fill eased" style={{ width: `${from * 100}%` }} />
      {to > from && <span class="whisker eased" style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }} />}
    </span>
  );
}

function countText({ count: counted, error }: PopularTerm): string {
  return error === 0 ? count(counted) : `${count(counted)}–${count(counted + error)}`;
}

/** The marks of an answer in plain words. */
function certainty({ certain, error, share }: PopularTerm, { exact }: PopularTerms, limit: number): string {
  const precision = exact || error === 0 ? "exact" : `up to ${count(error)} more`;
  const place = exact ? "" : certain ? `, surely top ${limit}` : ", place not sure";
  return `${percent(share)}, ${precision}${place}`;
}
