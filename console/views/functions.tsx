import { useState } from "preact/hooks";
import type { DeployedFunction } from "#client/mod.ts";
import { Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { TextField } from "../components/fields.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { bytes, count, milliseconds } from "../format.ts";
import { client } from "../state/connection.ts";
import { usePages } from "../state/pages.ts";
import { route, setParams } from "../state/route.ts";
import { TestTool } from "./test-tool.tsx";

/** Each function as it is deployed, and a tool to try it. */
export function FunctionsView() {
  const [search, setSearch] = useState("");
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
            <FunctionTable functions={wanted} />
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

function FunctionTable({ functions }: { readonly functions: readonly DeployedFunction[] }) {
  return (
    <table class="table">
      <thead>
        <tr>
          <th>Function</th>
          <th class="number">Code</th>
          <th class="number">Calls</th>
          <th class="number">Refused</th>
          <th class="number">Errors</th>
          <th class="number">Half within</th>
          <th class="number">99 % within</th>
          <th class="number">Cold starts</th>
          <th>
            <span class="hidden-text">Try it</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {functions.map((each) => (
          <tr key={each.function}>
            <td class="whole">
              <span class="name mono">{each.function}</span>
              <span class="small soft below mono">{each.route ?? each.trigger}</span>
              <span class="small soft below">{each.description}</span>
            </td>
            <CodeCell code={each.code} memory={each.memory} />
            <Measured of={each.measured} />
            <td class="number">
              <button
                type="button"
                class="button little"
                aria-label={`Try ${each.function}`}
                onClick={() => {
                  setParams({ tool: each.function });
                  scrollTo(0, 0);
                }}
              >
                Try
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CodeCell({ code, memory }: Pick<DeployedFunction, "code" | "memory">) {
  return (
    <td class="number" data-label="Code">
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

function Measured({ of }: { readonly of: DeployedFunction["measured"] }) {
  const cells: readonly (readonly [string, string | undefined])[] = [
    ["Calls", of ? count(of.calls) : undefined],
    ["Refused", of ? count(of.refused) : undefined],
    ["Errors", of ? count(of.errors) : undefined],
    ["Half within", of?.p50Ms == null ? undefined : milliseconds(of.p50Ms)],
    ["99 % within", of?.p99Ms == null ? undefined : milliseconds(of.p99Ms)],
    ["Cold starts", of?.coldStarts == null ? undefined : count(of.coldStarts)],
  ];
  return (
    <>
      {cells.map(([label, text]) => (
        <td key={label} class="number" data-label={label}>
          {text ?? <span class="soft">–</span>}
        </td>
      ))}
    </>
  );
}
