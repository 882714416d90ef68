import { Count, Figure, Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { FirstLines } from "../components/first-lines.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { Spark } from "../components/spark.tsx";
import { TermBars } from "../components/term-bars.tsx";
import { ForeignText } from "../components/text.tsx";
import { TimeChart } from "../components/time-chart.tsx";
import { bytes, count, counted, rate, shortCount } from "../format.ts";
import { client, rights } from "../state/connection.ts";
import { useLive } from "../state/live.ts";
import { linkTo } from "../state/route.ts";
import { overview, type Sample, samples } from "../state/traffic.ts";

/** What is being said, who is behind, what it takes: on one page, live. */
export function OverviewView() {
  const now = overview.value;
  const isEmpty = now !== undefined && now.messagesPublished === 0;
  return (
    <>
      <ViewHead
        title="Overview"
        about="What goes in and out, who lags behind, and what everybody talks about right now."
      />
      {rights.value?.read === false ? (
        <Locked what="Reading this service takes" />
      ) : now === undefined ? (
        <Waiting error={undefined} />
      ) : (
        <>
          <Figures />
          {isEmpty ? <FirstLines /> : <Traffic />}
          <div class="columns uneven">
            <TermsNow />
            <div class="stack wide">
              <BusyTopics />
              <Slowest />
            </div>
          </div>
        </>
      )}
    </>
  );
}

function Figures() {
  const now = overview.value!;
  const last = samples.value.at(-1);
  const { subscribers, publishers } = now;
  return (
    <dl class="figures">
      <Figure name="Messages in" value={last?.inPerSecond == null ? "–" : rate(last.inPerSecond)} unit="per second">
        {count(now.messagesPublished)} in all
      </Figure>
      <Figure name="Messages out" value={last?.outPerSecond == null ? "–" : rate(last.outPerSecond)} unit="per second">
        {now.traffic === null ? "not known here" : `${count(now.traffic.messagesOut)} since the start`}
      </Figure>
      <Figure name="Kept" value={bytes(now.storedBytes)}>
        {counted(now.messagesKept, "message")} in {counted(now.topics.value, "topic")}
      </Figure>
      <Figure name="Waiting for subscribers" value={subscribers ? shortCount(subscribers.lag) : "–"} unit="messages">
        {subscribers
          ? `${counted(subscribers.value, "subscriber")}${publishers ? `, ${counted(publishers.value, "publisher")}` : ""}`
          : "takes the admin key"}
      </Figure>
    </dl>
  );
}

function Traffic() {
  const recent = samples.value;
  const last = recent.at(-1);
  return (
    <Panel title="Messages per second" aside={<span class="small soft">in the last quarter of an hour</span>}>
      <TimeChart
        title="Messages per second"
        says={
          last
            ? `Now ${saysRate(last.inPerSecond)} in and ${saysRate(last.outPerSecond)} out.`
            : "Nothing measured yet."
        }
        data={[
          recent.map(({ atMs }) => atMs / 1000),
          recent.map(({ inPerSecond }) => inPerSecond),
          recent.map(({ outPerSecond }) => outPerSecond),
        ]}
        series={["in", "out"]}
        valueText={shortCount}
      />
    </Panel>
  );
}

const saysRate = (value: number | null): string => (value === null ? "an unknown number" : rate(value));

function TermsNow() {
  const { value, error } = useLive((signal) => client.value.getPopularTerms({ limit: 10 }, { signal }), [], {
    everyMs: 3_000,
  });
  return (
    <Panel title="Popular in the last 10 minutes" aside={<a href={linkTo("terms")}>More about terms</a>}>
      {isLocked(error) ? (
        <p class="soft">The terms of all topics take the admin key.</p>
      ) : value === undefined ? (
        <Waiting error={error} />
      ) : value.terms.length === 0 ? (
        <p class="empty">Nobody has said anything in the last 10 minutes.</p>
      ) : (
        <TermBars answer={value} limit={10} linkFor={(term) => linkTo("terms", undefined, { term })} />
      )}
    </Panel>
  );
}

function BusyTopics() {
  const { value, error } = useLive((signal) => client.value.listTopics({ limit: 200 }, { signal }), [], {
    everyMs: 4_000,
  });
  const busiest = [...(value?.items ?? [])]
    .sort((a, b) => b.messagesPerSecond.lastMinute - a.messagesPerSecond.lastMinute || b.storedBytes - a.storedBytes)
    .slice(0, 5);
  return (
    <Panel title="Busiest topics" aside={<a href={linkTo("topics")}>All topics</a>}>
      {value === undefined ? (
        <Waiting error={error} />
      ) : busiest.length === 0 ? (
        <p class="empty">There are no topics yet.</p>
      ) : (
        <table class="table tight">
          <thead>
            <tr>
              <th>Topic</th>
              <th class="number">In the last minute</th>
              <th class="number">Stored</th>
            </tr>
          </thead>
          <tbody>
            {busiest.map(({ topic, messagesPerSecond, storedBytes }) => (
              <tr key={topic}>
                <td class="name">
                  <a href={linkTo("topics", topic)}>{topic}</a>
                </td>
                <td class="number" data-label="In the last minute">
                  {rate(messagesPerSecond.lastMinute)} <span class="soft small">per s</span>
                </td>
                <td class="number" data-label="Stored">
                  {bytes(storedBytes)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Slowest() {
  const { subscribers } = overview.value!;
  if (!subscribers) return null;
  const behind = subscribers.slowest.filter(({ lag }) => lag > 0).slice(0, 5);
  const lags = samples.value.flatMap(({ lag }: Sample) => (lag === null ? [] : [lag]));
  return (
    <Panel title="Who is behind" aside={<a href={linkTo("people")}>All subscribers</a>}>
      {subscribers.value === 0 ? (
        <p class="empty">There are no subscribers yet.</p>
      ) : behind.length === 0 ? (
        <p class="empty">Nobody: every subscriber has committed everything.</p>
      ) : (
        <>
          {lags.length > 1 && <Spark values={lags} label={`Messages waiting in all: ${count(subscribers.lag)} now`} />}
          <table class="table tight">
            <thead>
              <tr>
                <th>Subscriber</th>
                <th class="number">Messages waiting</th>
                <th class="number">Last active</th>
              </tr>
            </thead>
            <tbody>
              {behind.map(({ subscriberId, name, lag, lastActiveAt }) => (
                <tr key={subscriberId}>
                  <td class="name">
                    <a href={linkTo("people", undefined, { subscriber: subscriberId })}>
                      <ForeignText text={name ?? subscriberId} max={40} />
                    </a>
                  </td>
                  <td class="number" data-label="Messages waiting">
                    <Count value={lag} />
                  </td>
                  <td class="number" data-label="Last active">
                    <Time at={lastActiveAt} relative />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Panel>
  );
}
