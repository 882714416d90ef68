import { useState } from "preact/hooks";
import type { Json, Page, Table, TableItem } from "#client/mod.ts";
import { Panel, Waiting } from "../components/basics.tsx";
import { Dialog } from "../components/dialog.tsx";
import { ForeignText, WholeText } from "../components/text.tsx";
import { client } from "../state/connection.ts";
import { useLive } from "../state/live.ts";

const pageItems = 25;

/** A table's items, a page at a time. */
export function TableItems({ table }: { readonly table: Table }) {
  const [path, setPath] = useState<readonly (string | undefined)[]>([undefined]);
  const [opened, setOpened] = useState<TableItem>();
  const after = path.at(-1);
  const { value, error } = useLive(
    (signal): Promise<Page<TableItem>> =>
      client.value.listTableItems(table.table, { after, limit: pageItems }, { signal }),
    [table.table, after ?? ""],
  );
  return (
    <Panel title="Items" aside={<span class="small soft">page {path.length}</span>}>
      {value === undefined ? (
        <Waiting error={error} />
      ) : value.items.length === 0 ? (
        <p class="empty">The table is empty.</p>
      ) : (
        <Items items={value.items} keys={table.keys.map(({ name }) => name)} onOpen={setOpened} />
      )}
      <div class="row">
        <button type="button" class="button" disabled={path.length === 1} onClick={() => setPath(path.slice(0, -1))}>
          Back
        </button>
        <button
          type="button"
          class="button"
          disabled={value?.next === undefined}
          onClick={() => setPath([...path, value?.next])}
        >
          Next page
        </button>
      </div>
      {opened && (
        <Dialog title="Item" onClose={() => setOpened(undefined)}>
          <WholeText text={JSON.stringify(opened, null, 2)} label="Item" />
        </Dialog>
      )}
    </Panel>
  );
}

function Items({
  items,
  keys,
  onOpen,
}: {
  readonly items: readonly TableItem[];
  readonly keys: readonly string[];
  readonly onOpen: (item: TableItem) => void;
}) {
  const others = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((name) => !keys.includes(name));
  const names = [...keys, ...others];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="wide-table" tabIndex={0} aria-label="Items">
      <table class="table dense">
        <thead>
          <tr>
            <th>
              <span class="hidden-text">Whole</span>
            </th>
            {names.map((name) => (
              <th key={name} class="mono">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, i) => (
            <tr key={keys.map((name) => JSON.stringify(item[name])).join(" ") || i}>
              <td>
                <button
                  type="button"
                  class="button little"
                  aria-label={`The whole item ${i + 1}`}
                  onClick={() => onOpen(item)}
                >
                  Whole
                </button>
              </td>
              {names.map((name) => (
                <td key={name} class="mono" data-label={name}>
                  <Cell value={item[name]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ value }: { readonly value: Json | undefined }) {
  if (value === undefined) return null;
  return <ForeignText text={typeof value === "string" ? value : JSON.stringify(value)} max={60} />;
}
