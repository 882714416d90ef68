import type { PopularTerms, RisingTerms, WindowName } from "#client/mod.ts";
import { type Failure, Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { Choice, Select } from "../components/fields.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { Bar, TermBars } from "../components/term-bars.tsx";
import { ForeignText } from "../components/text.tsx";
import { TimeAxis } from "../components/time-axis.tsx";
import { count, counted, shortCount } from "../format.ts";
import { client } from "../state/connection.ts";
import { now, useLive } from "../state/live.ts";
import { linkTo, route, setParams } from "../state/route.ts";
import { useTermHistory, windowMs } from "../state/term-history.ts";
import { TermMessages } from "./term-messages.tsx";

const windows: readonly (readonly [WindowName, string])[] = [
  ["1m", "1 minute"],
  ["10m", "10 minutes"],
  ["1h", "1 hour"],
  ["1d", "1 day"],
  ["all", "all time"],
];
const limit = 15;

/** What everybody talks about: popular beside rising, of any topic, window and moment. */
export function TermsView() {
  const { topic, term, at, window: named } = route.value.params;
  const window = windows.find(([name]) => name === named)?.[0] ?? "10m";
  // Of all time there is an answer of now only.
  const moment = window === "all" ? undefined : at;
  const query = { window, limit, ...(topic !== undefined && { topic }), ...(moment !== undefined && { at: moment }) };
  const deps = [window, topic, moment];
  const everyMs = moment === undefined ? 2_000 : 10_000;
  const popular = useLive((signal) => client.value.getPopularTerms(query, { signal }), deps, { everyMs });
  const rising = useLive(
    async (signal) =>
      window === "all" ? undefined : client.value.getPopularTerms({ ...query, sort: "rising" }, { signal }),
    deps,
    { everyMs: everyMs * 2 },
  );
  const linkFor = (each: string): string =>
    linkTo("terms", undefined, { ...route.value.params, term: each === term ? undefined : each });
  return (
    <>
      <ViewHead
        title="Popular terms"
        about="A message counts once for each word, hashtag or mention in it. Press a term to see its messages."
      />
      {isLocked(popular.error) ? (
        <Locked what={topic === undefined ? "The terms of all topics together take" : `The terms of “${topic}” take`} />
      ) : (
        <>
          <Question topic={topic} window={window} at={moment} />
          <div class="columns uneven">
            <Panel title="Popular" aside={popular.value && <AsOf answer={popular.value} />}>
              {popular.value === undefined ? (
                <Waiting error={popular.error} />
              ) : (
                <Popular answer={popular.value} topic={topic} window={window} linkFor={linkFor} term={term} />
              )}
            </Panel>
            <div class="stack wide">
              {term !== undefined && (
                <TermMessages term={term} topic={topic} until={moment} key={`${term} ${topic} ${moment}`} />
              )}
              <Panel title="Rising" aside={<span class="small soft">more than before lets expect</span>}>
                <Rising answer={rising.value} error={rising.error} window={window} linkFor={linkFor} term={term} />
              </Panel>
            </div>
          </div>
        </>
      )}
    </>
  );
}

function Question({
  topic,
  window,
  at,
}: {
  readonly topic: string | undefined;
  readonly window: WindowName;
  readonly at: string | undefined;
}) {
  const topics = useLive((signal) => client.value.listTopics({ limit: 1_000 }, { signal }), [], { everyMs: 15_000 });
  const names = topics.value?.items.map((each) => each.topic) ?? [];
  const all = topic === undefined || names.includes(topic) ? names : [topic, ...names];
  return (
    <Panel
      title="Which terms"
      aside={
        at === undefined ? (
          <span class="mark good">live</span>
        ) : (
          <span class="row">
            <span>
              as of <Time at={at} />
            </span>
            <button type="button" class="button little" onClick={() => setParams({ at: undefined })}>
              Back to now
            </button>
          </span>
        )
      }
    >
      <div class="row ends">
        <Select
          label="Topic"
          value={topic ?? ""}
          options={[["", "All topics together"], ...all.map((each) => [each, each] as const)]}
          onChange={(value) => setParams({ topic: value, term: undefined })}
        />
        <div class="field">
          <span class="label">Window</span>
          <Choice name="Window" value={window} options={windows} onChange={(value) => setParams({ window: value })} />
        </div>
      </div>
      {window === "all" ? (
        <p class="small soft">Of all time there is one answer, that of now. Choose a window to go back.</p>
      ) : (
        <Axis topics={topic === undefined ? names.slice(0, topicsSummed) : [topic]} window={window} at={at} />
      )}
    </Panel>
  );
}

/** Of all topics together the axis adds up so many. */
const topicsSummed = 12;

/** The axis is so many windows long. */
const windowsLong = 48;

function Axis({
  topics,
  window,
  at,
}: {
  readonly topics: readonly string[];
  readonly window: Exclude<WindowName, "all">;
  readonly at: string | undefined;
}) {
  const atMs = at === undefined ? undefined : Date.parse(at);
  const toMs = Math.ceil(now.value / 5_000) * 5_000;
  const fromMs = Math.min(toMs - windowsLong * windowMs[window], atMs ?? toMs);
  const activity = useLive(
    async (signal) => {
      const query = {
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        buckets: windowsLong * 2,
      };
      const each = await Promise.all(topics.map((topic) => client.value.getTopicActivity(topic, query, { signal })));
      return summed(each);
    },
    [topics, window, at],
    { everyMs: 8_000 },
  );
  return (
    <TimeAxis
      label="The moment whose terms are shown"
      fromMs={fromMs}
      toMs={toMs}
      atMs={atMs}
      activity={activity.value}
      onMove={(movedMs) => setParams({ at: movedMs === undefined ? undefined : new Date(movedMs).toISOString() })}
    />
  );
}

/** Topics of many shards give fewer stretches: then only those of the same length are added up. */
function summed(
  each: readonly { readonly from: string; readonly bucketMs: number; readonly messages: readonly number[] }[],
) {
  const first = each[0];
  if (!first) return undefined;
  const alike = each.filter(({ bucketMs }) => bucketMs === first.bucketMs);
  const messages = first.messages.map((_, i) => alike.reduce((sum, one) => sum + (one.messages[i] ?? 0), 0));
  return { fromMs: Date.parse(first.from), bucketMs: first.bucketMs, messages };
}

function AsOf({ answer }: { readonly answer: PopularTerms }) {
  return (
    <span class="small soft">
      {counted(answer.messages, "message")}, counted up to <Time at={answer.asOf} />
    </span>
  );
}

function Popular({
  answer,
  topic,
  window,
  linkFor,
  term,
}: {
  readonly answer: PopularTerms;
  readonly topic: string | undefined;
  readonly window: WindowName;
  readonly linkFor: (term: string) => string;
  readonly term: string | undefined;
}) {
  const history = useTermHistory(topic, window, Date.parse(answer.window.to));
  if (answer.terms.length === 0) {
    return <p class="empty">No message of this time has been counted.</p>;
  }
  const now = new Map(answer.terms.map((each) => [each.term, each.count]));
  const historyOf = (each: string): number[] | undefined =>
    history && [...history.map((counts) => counts.get(each) ?? 0), now.get(each) ?? 0];
  return (
    <>
      <p class="small soft">
        {answer.exact
          ? "Every count is exact."
          : `Counts are never too high; a whisker shows by how many one may be too low. A term that is not held is in at most ${counted(answer.floor, "message")}.`}{" "}
        Per cent are of all messages of the window.
        {window !== "all" && " The small line is the term in the 12 windows before, and now."}
      </p>
      <TermBars
        answer={answer}
        limit={limit}
        linkFor={linkFor}
        selected={term}
        {...(window !== "all" && { historyOf })}
      />
    </>
  );
}

function Rising({
  answer,
  error,
  window,
  linkFor,
  term,
}: {
  readonly answer: RisingTerms | undefined;
  readonly error: Parameters<typeof Failure>[0]["error"];
  readonly window: WindowName;
  readonly linkFor: (term: string) => string;
  readonly term: string | undefined;
}) {
  if (window === "all") return <p class="empty">Nothing rises in all time: choose a window.</p>;
  if (answer === undefined) return <Waiting error={error} />;
  if (answer.reason === "too-little-data") {
    return <p class="empty">There is too little before this window, or in it, to say what rises.</p>;
  }
  if (answer.terms.length === 0) return <p class="empty">Nothing rises: people talk as they did before.</p>;
  const max = Math.max(1, ...answer.terms.map((each) => Math.max(each.count, each.expected)));
  return (
    <ol class="bars">
      {answer.terms.map((each, i) => (
        <li key={each.term} class="bar-row">
          <span class="rank">{i + 1}</span>
          <a class="term" href={linkFor(each.term)} {...(each.term === term && { "aria-current": "true" })}>
            <ForeignText text={each.term} max={64} />
          </a>
          <Bar from={each.count / max} />
          <span class="amount">{count(each.count)}</span>
          <span class="says">
            {each.lift >= 1.5 ? `${shortCount(Math.round(each.lift))} times` : "more than"} the{" "}
            {each.expected < 10 ? each.expected.toFixed(1) : count(each.expected)} expected
          </span>
        </li>
      ))}
    </ol>
  );
}
