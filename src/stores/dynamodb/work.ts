import { hash32 } from "#core/shard.ts";
import type { WorkMark } from "#core/store.ts";
import { type Item, numberOf, textOf } from "./items.ts";
import type { Key, Requests } from "./requests.ts";
import { sortableTime } from "./summaries.ts";
import { newToken } from "./token.ts";

/*
 * A mark's item: partitions by scope, within them the finest level and oldest first; `m` the stamp given, `n` how often it
 * was set in this life of the item, `l` a name for this life. Once it was set again, the stamp that is given out is of all
 * three: where a request that comes late sets an old stamp over a newer one, that is another than the one seen before. (An
 * old stamp that a late request sets where no mark is stands for nothing that is still to be done.)
 */

/** Partitions over which scopes are spread. All are asked for the marks of all scopes. */
const partitions = 4;

/** Marks of a scope, or of all, the finest level and oldest first; each partition is read in that order. */
export async function listWork(requests: Requests, scope: string | undefined, limit: number): Promise<WorkMark[]> {
  const wanted = scope === undefined ? Array.from({ length: partitions }, (_, i) => `work/${i}`) : [partitionOf(scope)];
  const lists = await Promise.all(wanted.map((partition) => listPartition(requests, partition, scope, limit)));
  return lists
    .flat()
    .sort((a, b) => a.level - b.level || a.startMs - b.startMs || (a.scope < b.scope ? -1 : 1))
    .slice(0, limit);
}

async function listPartition(
  requests: Requests,
  partition: string,
  scope: string | undefined,
  limit: number,
): Promise<WorkMark[]> {
  const marks: WorkMark[] = [];
  for (let from = ""; ; ) {
    const { items, more } = await requests.query("WordCount", partition, {
      ...(from !== "" && { from }),
      consistent: true,
      ...(scope === undefined && { limit }),
    });
    for (const item of items) {
      const mark = decodeMark(item);
      if (scope === undefined || mark.scope === scope) marks.push(mark);
    }
    if (!more || marks.length >= limit) return marks;
    from = `${textOf(items.at(-1)!, "s")}\u0000`;
  }
}

export async function setMark(requests: Requests, mark: WorkMark): Promise<void> {
  await requests.update("WordCount", markKey(mark), {
    text: "SET m = :m, l = if_not_exists(l, :l) ADD n :one",
    values: { ":m": mark.stamp, ":l": newToken(requests.timing).slice(0, 12), ":one": 1 },
  });
}

/** Deletes a mark if its stamp is still the one that was given out. */
export async function clearMark(requests: Requests, mark: WorkMark): Promise<void> {
  const [stamp, times, life] = mark.stamp.split(" ");
  await requests.delete("WordCount", markKey(mark), {
    text: times === undefined ? "m = :m AND n = :n" : "m = :m AND n = :n AND l = :l",
    values: { ":m": stamp!, ":n": Number(times ?? 1), ...(times !== undefined && { ":l": life! }) },
  });
}

/** Deletes a step's worth of the marks of a scope. Gives whether there may be more. */
export async function deleteMarks(requests: Requests, scope: string): Promise<boolean> {
  const marks = await listWork(requests, scope, 500);
  await requests.deleteAll("WordCount", marks.map(markKey));
  return marks.length > 0;
}

function partitionOf(scope: string): string {
  return `work/${hash32(scope) % partitions}`;
}

function markKey({ scope, level, startMs }: WorkMark): Key {
  return [partitionOf(scope), `${level}/${sortableTime(startMs)}/${scope}`];
}

function decodeMark(item: Item): WorkMark {
  const [level, start, ...scope] = textOf(item, "s").split("/");
  return {
    scope: scope.join("/"),
    level: Number(level) as WorkMark["level"],
    startMs: Number(start),
    stamp: stampOf(textOf(item, "m"), numberOf(item, "n"), textOf(item, "l")),
  };
}

function stampOf(stamp: string, times: number, life: string): string {
  return times === 1 ? stamp : `${stamp} ${times} ${life}`;
}
