import type { ComponentChildren } from "preact";
import type { Amount, Table, TableKey } from "#client/mod.ts";
import { Panel, Time, ViewHead, Waiting } from "../components/basics.tsx";
import { isLocked, Locked } from "../components/locked.tsx";
import { bytes, count, exactTime } from "../format.ts";
import { client } from "../state/connection.ts";
import { usePages } from "../state/pages.ts";
import { linkTo, route } from "../state/route.ts";
import { TableItems } from "./table-items.tsx";

/** What the service remembers, table by table. */
export function TablesView() {
  const pages = usePages((after, signal) => client.value.listTables({ after }, { signal }), [], 10_000);
  const { table } = route.value.params;
  const opened = pages.items.find((each) => each.table === table);
  return (
    <>
      <ViewHead title="Tables" about="What the store holds: its tables, how large they are, and what is in them." />
      {isLocked(pages.error) ? (
        <Locked what="Tables take" />
      ) : pages.items.length === 0 ? (
        <Waiting error={pages.error} />
      ) : (
        <>
          {opened && (
            <>
              <TableFacts table={opened} />
              <TableItems key={opened.table} table={opened} />
            </>
          )}
          <Panel title="All tables" aside={<span class="small soft">{storeNames[pages.items[0]!.kind]}</span>}>
            <Tables tables={pages.items} />
          </Panel>
        </>
      )}
    </>
  );
}

const storeNames = {
  sqlite: "SQLite, in one file of this machine",
  dynamodb: "DynamoDB",
  memory: "in memory, gone when the process ends",
} as const;

function Tables({ tables }: { readonly tables: readonly Table[] }) {
  const metered = tables.some(({ capacity }) => capacity !== null);
  return (
    <table class="table">
      <thead>
        <tr>
          <th>Table</th>
          <th>Keys</th>
          <th class="number">Items</th>
          <th class="number">Size</th>
          {metered && <th class="number">Capacity used</th>}
          <th>Status</th>
        </tr>
      </thead>
      <tbody>
        {tables.map((each) => (
          <tr key={each.table}>
            <td class="whole">
              <a class="name mono" href={linkTo("tables", undefined, { table: each.table })}>
                {each.table}
              </a>
              <span class="small soft below">{each.description}</span>
            </td>
            <td data-label="Keys">
              <Keys keys={each.keys} />
            </td>
            <td class="number" data-label="Items">
              <Approximate of={each.items} text={count} />
            </td>
            <td class="number" data-label="Size">
              <Approximate of={each.bytes} text={bytes} />
            </td>
            {metered && (
              <td class="number" data-label="Capacity used">
                <Capacity of={each.capacity} />
              </td>
            )}
            <td data-label="Status">
              <Status table={each} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function TableFacts({ table }: { readonly table: Table }) {
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ["Status", <Status table={table} />],
    ["Keys", <Keys keys={table.keys} />],
    ["Items", <Approximate of={table.items} text={count} />],
    ["Size", <Approximate of={table.bytes} text={bytes} />],
    ["Created", table.createdAt === null ? undefined : <Time at={table.createdAt} />],
    ["Stream", table.stream ? `${table.stream.view}, wakes ${table.stream.trigger}` : undefined],
    ...table.indexes.map(
      (index) =>
        [
          "Index",
          <>
            <span class="mono">{index.name}</span> on <Keys keys={index.keys} />
            {index.where !== undefined && (
              <>
                {" "}
                where <span class="mono">{index.where}</span>
              </>
            )}
          </>,
        ] as const,
    ),
    [
      "Capacity used",
      table.capacity === null ? (
        notMetered[table.kind]
      ) : (
        <>
          {units(table.capacity.readUnits)} read and {units(table.capacity.writeUnits)} write units since{" "}
          <Time at={table.capacity.since} />, by this process
        </>
      ),
    ],
    ["Alarms", table.alarms === null ? noAlarms[table.kind] : table.alarms.length === 0 ? "none is set" : undefined],
    ["Region", table.region ?? undefined],
    ["ARN", table.arn === null ? undefined : <span class="mono">{table.arn}</span>],
  ];
  return (
    <Panel title={table.table} aside={<a href={linkTo("tables")}>Close</a>}>
      <p class="soft">{table.description}</p>
      <dl class="facts">
        {facts.flatMap(([name, value], i) =>
          value === undefined ? [] : [<dt key={`${name}${i}`}>{name}</dt>, <dd key={`${name}${i} value`}>{value}</dd>],
        )}
      </dl>
      {table.alarms !== null && table.alarms.length > 0 && (
        <ul class="stack">
          {table.alarms.map(({ name, state, reason }) => (
            <li key={name} class="row">
              <span class={`mark ${/^alarm$/i.test(state) ? "bad" : "good"}`}>{state}</span>
              {name} <span class="soft small">{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const notMetered = {
  sqlite: "not metered: a file of this machine costs nothing by use",
  dynamodb: "not metered by this host; CloudWatch has it as ConsumedReadCapacityUnits and ConsumedWriteCapacityUnits",
  memory: "not metered: memory costs nothing by use",
} as const;

const noAlarms = {
  sqlite: "none are configured here; /metrics is there to be watched",
  dynamodb: "not known here; CloudWatch holds those that are configured",
  memory: "none are configured here; /metrics is there to be watched",
} as const;

/** What reading and writing took since the service started, in the cloud's units. */
function Capacity({ of }: { readonly of: Table["capacity"] }) {
  if (of === null) return <span class="soft">–</span>;
  return (
    <span title={`Since ${exactTime(of.since)}`}>
      {units(of.readUnits)} read
      <span class="below">{units(of.writeUnits)} written</span>
    </span>
  );
}

/** Half a unit is the smallest that there is. */
function units(value: number): string {
  return value < 100 && !Number.isInteger(value) ? value.toFixed(1) : count(Math.round(value));
}

function Keys({ keys }: { readonly keys: readonly TableKey[] }) {
  return (
    <span class="mono">
      {keys.map(({ name, type, role }, i) => (
        <span key={name} title={`${role} key, ${type}`}>
          {i > 0 && ", "}
          {name}
        </span>
      ))}
    </span>
  );
}

function Status({ table }: { readonly table: Table }) {
  const ringing = table.alarms?.filter(({ state }) => /^alarm$/i.test(state)).length ?? 0;
  if (ringing > 0) return <span class="mark bad">{count(ringing)} alarms</span>;
  return <span class={`mark ${/^active$/i.test(table.state) ? "good" : "warn"}`}>{table.state}</span>;
}

function Approximate({ of, text }: { readonly of: Amount | null; readonly text: (value: number) => string }) {
  if (of === null) return <span class="soft">–</span>;
  const before = { exact: "", estimate: "about ", "at-least": "at least " }[of.precision];
  return (
    <>
      <span class="soft">{before}</span>
      {text(of.value)}
    </>
  );
}
