import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { DeployedFunction } from "#client/mod.ts";
import { Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { TextField } from "../components/fields.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { bytes, count, counted, milliseconds } from "../format.ts";
import { client } from "../state/connection.ts";
import { usePages } from "../state/pages.ts";
import { route, setParams } from "../state/route.ts";
import { useNarrow } from "../state/width.ts";
import { TestTool } from "./test-tool.tsx";

/** Each function as it is deployed, and a tool to try it. */
export function FunctionsView() {
  const [search, setSearch] = useState("");
  const narrow = useNarrow();
  const pages = usePages((after, signal) => client.value.listFunctions({ after }, { signal }), [], 5_000);
  const { tool } = route.value.params;
  const wanted = pages.items.filter((each) => {
    const text = `${each.function} ${each.route ?? ""} ${each.description}`.toLowerCase();
    return text.includes(search.toLowerCase());
  });
  const tried = pages.items.find((each) => each.function === tool);
  return (
    <>
      <ViewHead
        title="Functions"
        about="One for each operation, and those that run behind the calls. Each can be tried with an event."
      />
      {isLocked(pages.error) ? (
        <Locked what="Functions take" />
      ) : pages.items.length === 0 ? (
        <Waiting error={pages.error} />
      ) : (
        <>
          {tried && <TestTool key={tried.function} tried={tried} functions={pages.items} onRun={pages.reload} />}
          <Panel title="All functions" aside={<Runtime of={pages.items[0]!} />}>
            <TextField label="Name, route or description contains" type="search" value={search} onInput={setSearch} />
            {narrow ? <FunctionList functions={wanted} /> : <FunctionTable functions={wanted} />}
            {pages.hasMore && (
              <button type="button" class="button" onClick={pages.more}>
                More functions
              </button>
            )}
          </Panel>
        </>
      )}
    </>
  );
}

function Runtime({ of: { runtime, memory } }: { readonly of: DeployedFunction }) {
  return (
    <span class="small soft">
      Node {runtime.node}, {runtime.platform} {runtime.architecture}
      {memory?.shared && `; one process for all, ${bytes(memory.bytes)} of memory`}
    </span>
  );
}

/** On a phone: a line for each function, with the rest of it behind. */
function FunctionList({ functions }: { readonly functions: readonly DeployedFunction[] }) {
  return (
    <ul class="folds">
      {functions.map((each) => (
        <li key={each.function}>
          <details>
            <summary>
              <span class="name mono">{each.function}</span>
              {each.measured && (
                <span class="small soft number">
                  {counted(each.measured.calls, "call")}
                  {each.measured.errors > 0 && (
                    <>
                      {" "}
                      <span class="mark bad">{counted(each.measured.errors, "error")}</span>
                    </>
                  )}
                </span>
              )}
            </summary>
            <div class="stack">
              <p>{each.description}</p>
              <p class="small soft mono">{each.route ?? each.trigger}</p>
              <dl class="facts beside">
                {factsOf(each).map(([label, value]) => [
                  <dt key={label}>{label}</dt>,
                  <dd key={`${label} value`}>{value}</dd>,
                ])}
              </dl>
              <Try name={each.function} />
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
}

/** What there is to say of a function; nothing is said of what is not known. */
function factsOf({ code, memory, measured }: DeployedFunction): (readonly [string, ComponentChildren])[] {
  return [
    ...(code ? [["Code", bytes(code.bytes)] as const] : []),
    ...(code?.modifiedAt ? [["Modified", <Time key="time" at={code.modifiedAt} />] as const] : []),
    ...(memory && !memory.shared ? [["Memory", bytes(memory.bytes)] as const] : []),
    ...cellsOf(measured).flatMap(([label, text]) => (text === undefined ? [] : [[label, text] as const])),
  ];
}

function FunctionTable({ functions }: { readonly functions: readonly DeployedFunction[] }) {
  const starts = functions.some(({ measured }) => measured?.coldStarts != null);
  return (
    <table class="table">
      <thead>
        <tr>
          <th class="lead">Function</th>
          <th class="number">Code</th>
          <th class="number">Calls</th>
          <th class="number">Refused</th>
          <th class="number">Errors</th>
          <th class="number">Half within</th>
          <th class="number">99 % within</th>
          {starts && <th class="number">Cold starts</th>}
          <th>
            <span class="hidden-text">Try it</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {functions.map((each) => (
          <tr key={each.function}>
            <td class="lead">
              <span class="name mono">{each.function}</span>{" "}
              <span class={`small soft unbroken ${each.route === null ? "" : "mono"}`}>
                {each.route ?? each.trigger}
              </span>
              <span class="small soft below">{each.description}</span>
            </td>
            <CodeCell code={each.code} memory={each.memory} />
            <Measured of={each.measured} starts={starts} />
            <td class="number">
              <Try name={each.function} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Try({ name }: { readonly name: string }) {
  return (
    <button
      type="button"
      class="button little"
      aria-label={`Try ${name}`}
      onClick={() => {
        setParams({ tool: name });
        scrollTo(0, 0);
      }}
    >
      Try
    </button>
  );
}

function CodeCell({ code, memory }: Pick<DeployedFunction, "code" | "memory">) {
  return (
    <td class="number">
      {code === null ? (
        <span class="soft">–</span>
      ) : (
        <>
          {bytes(code.bytes)}
          {code.modifiedAt !== null && (
            <span class="small soft below">
              <Time at={code.modifiedAt} />
            </span>
          )}
        </>
      )}
      {memory !== null && !memory.shared && <span class="small soft below">{bytes(memory.bytes)} memory</span>}
    </td>
  );
}

function cellsOf(of: DeployedFunction["measured"]): readonly (readonly [label: string, text: string | undefined])[] {
  return [
    ["Calls", of ? count(of.calls) : undefined],
    ["Refused", of ? count(of.refused) : undefined],
    ["Errors", of ? count(of.errors) : undefined],
    ["Half within", of?.p50Ms == null ? undefined : milliseconds(of.p50Ms)],
    ["99 % within", of?.p99Ms == null ? undefined : milliseconds(of.p99Ms)],
    ["Cold starts", of?.coldStarts == null ? undefined : count(of.coldStarts)],
  ];
}

function Measured({
  of,
  starts,
}: {
  readonly of: DeployedFunction["measured"];
  /** Cold starts have a column: only where there are any. */
  readonly starts: boolean;
}) {
  const cells = cellsOf(of);
  return (
    <>
      {(starts ? cells : cells.slice(0, -1)).map(([label, text]) => (
        <td key={label} class="number">
          {text ?? <span class="soft">–</span>}
        </td>
      ))}
    </>
  );
}
