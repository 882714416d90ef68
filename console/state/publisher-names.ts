import { client, rights } from "./connection.ts";
import { useLive } from "./live.ts";

/** The names of those who may publish to a topic, by id; none where this reader may not list them. */
export function usePublisherNames(topic: string): ReadonlyMap<string, string> {
  const isAdmin = rights.value?.admin === true;
  const { value } = useLive(
    async (signal) => (isAdmin ? (await client.value.listPublishers({ topic, limit: 500 }, { signal })).items : []),
    [topic, isAdmin],
    { everyMs: 30_000 },
  );
  return new Map(value?.map(({ publisherId, name }) => [publisherId, name]));
}
