import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { brandIcon, icons } from "./components/icons.tsx";
import { endpoint, isConnecting, startHeartbeat, state } from "./state/connection.ts";
import { linkTo, route } from "./state/route.ts";
import { startTraffic } from "./state/traffic.ts";
import { ConnectionDialog } from "./views/connection.tsx";
import { FunctionsView } from "./views/functions.tsx";
import { OverviewView } from "./views/overview.tsx";
import { PeopleView } from "./views/people.tsx";
import { TablesView } from "./views/tables.tsx";
import { TermsView } from "./views/terms.tsx";
import { TopicView } from "./views/topic.tsx";
import { TopicsView } from "./views/topics.tsx";

interface Place {
  readonly view: string;
  readonly name: string;
  /** The name where there is little room. */
  readonly short?: string;
  readonly list: ComponentType;
  /** Shown instead when the route names one of them. */
  readonly item?: ComponentType<{ readonly name: string }>;
}

const places: readonly Place[] = [
  { view: "overview", name: "Overview", list: OverviewView },
  { view: "topics", name: "Topics", list: TopicsView, item: TopicView },
  { view: "people", name: "Publishers & subscribers", short: "Clients", list: PeopleView },
  { view: "terms", name: "Popular terms", short: "Terms", list: TermsView },
  { view: "functions", name: "Functions", list: FunctionsView },
  { view: "tables", name: "Tables", list: TablesView },
];

startHeartbeat();
startTraffic();

/** The frame around every view: where one can go, and how the service is. */
export function Shell() {
  const { view, item } = route.value;
  const place = places.find((each) => each.view === view) ?? places[0]!;
  useArrival(place.name, item);
  const setConnecting = (open: boolean): void => {
    isConnecting.value = open;
  };
  return (
    <>
      <button type="button" class="skip button" onClick={focusHeading}>
        Skip to the content
      </button>
      <div class="frame">
        <header class="side">
          <a class="brand" href={linkTo("overview")}>
            {brandIcon}
            Bellwether
          </a>
          <nav aria-label="Views">
            <div class="places">
              {places.map((each) => (
                <a
                  key={each.view}
                  href={linkTo(each.view)}
                  {...(each === place && { "aria-current": item === undefined ? "page" : "true" })}
                >
                  {icons[each.view]}
                  <span class="long">{each.name}</span>
                  <span class="short">{each.short ?? each.name}</span>
                </a>
              ))}
            </div>
          </nav>
          <div class="side-foot">
            <LinkState onOpen={() => setConnecting(true)} />
          </div>
        </header>
        <div>
          <LostNotice />
          <main id="content">
            {item !== undefined && place.item ? <place.item key={item} name={item} /> : <place.list key={place.view} />}
          </main>
        </div>
      </div>
      {isConnecting.value && <ConnectionDialog onClose={() => setConnecting(false)} />}
    </>
  );
}

const stateWords = {
  connecting: "Connecting…",
  up: "Connected",
  slow: "Slow to answer",
  down: "Not reachable",
} as const;

function LinkState({ onOpen }: { readonly onOpen: () => void }) {
  return (
    <button type="button" class="link-state" onClick={onOpen}>
      <span class="dot" data-state={state.value} />
      <span aria-live="polite">{stateWords[state.value]}</span>
      <span class="where small soft">{new URL(endpoint.value).host}</span>
    </button>
  );
}

function LostNotice() {
  if (state.value !== "down" && state.value !== "slow") return null;
  return (
    <div class="lost" data-state={state.value} role="status">
      {state.value === "down"
        ? `${endpoint.value} does not answer. What you see is from before; it goes on by itself when the service is back.`
        : `${endpoint.value} is slow to answer. What you see may be some seconds old.`}
    </div>
  );
}

/** A new place gets a title, and the focus goes to its heading, as on a new page. */
function useArrival(name: string, item: string | undefined): void {
  const [isFirst, setFirst] = useState(true);
  // Dependencies: on arrival only
  useEffect(() => {
    document.title = `${item === undefined ? name : item} · Bellwether`;
    if (isFirst) setFirst(false);
    else {
      scrollTo(0, 0);
      document.querySelector("h1")?.focus({ preventScroll: true });
    }
  }, [name, item]);
}

function focusHeading(): void {
  document.querySelector("h1")?.focus();
}
