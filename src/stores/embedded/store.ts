import type { DatabaseSync } from "node:sqlite";
import type { MessagePort } from "node:worker_threads";
import { NewsBoard } from "#core/news.ts";
import type { Store, StoreTraits } from "#core/store.ts";
import { roomyCaps } from "#terms/windows.ts";
import { openForReading, Statements } from "./database.ts";
import { type ReadName, reads, severalStatements } from "./reads.ts";
import { tableReads } from "./tables.ts";
import { startWriter, WriterLink } from "./writer.ts";
import type { WriteName } from "./writes.ts";

const traits: StoreTraits = {
  name: "embedded",
  durable: true,
  transactions: true,
  expiresAtOnce: true,
  appendsUnseenMs: 0,
  overallLeaves: 1,
  caps: roomyCaps,
};

/** The embedded store of one thread. The thread that opened the folder can give others a connection of their own. */
export interface EmbeddedStore extends Store {
  /** For `attachEmbeddedStore` in another thread of this process; to be transferred. */
  connect(): MessagePort;
}

/**
 * Opens a data folder, making or upgrading it as needed, and holds it for this process. Reads go over a connection of this
 * thread, writes to one writer thread. Rejects when another process holds the folder or a later version wrote it.
 */
export async function openEmbeddedStore(folder: string): Promise<EmbeddedStore> {
  const writer = await startWriter(folder);
  const store = attachEmbeddedStore(folder, writer.connect());
  let closed: Promise<void> | undefined;
  return {
    ...store,
    connect: () => writer.connect(),
    async close() {
      await store.close();
      closed ??= writer.close();
      await closed;
    },
  };
}

/** The store as a further thread of the process sees it. `onNews` hears of every write to the log. */
export function attachEmbeddedStore(folder: string, port: MessagePort, onNews: () => void = () => {}): Store {
  const news = new NewsBoard();
  const link = new WriterLink(port, (refs) => {
    if (refs === "any") news.tellAll();
    else news.tell(refs);
    onNews();
  });
  const database: DatabaseSync = openForReading(folder);
  const db = new Statements(database);

  const write =
    <Name extends WriteName>(name: Name): Store[Name] =>
    (...args: unknown[]) =>
      link.call(name, args) as never;
  const read =
    <Name extends ReadName>(name: Name): Store[Name] =>
    async (...args: unknown[]) => {
      const run = reads[name] as (db: Statements, ...args: unknown[]) => unknown;
      if (!severalStatements.has(name)) return run(db, ...args) as never;
      // One transaction, so that all statements see one moment of the log.
      database.exec("BEGIN");
      try {
        return run(db, ...args) as never;
      } finally {
        database.exec("COMMIT");
      }
    };

  return {
    traits,
    createTopic: write("createTopic"),
    updateTopic: write("updateTopic"),
    getTopic: read("getTopic"),
    listTopics: read("listTopics"),
    deleteTopic: write("deleteTopic"),
    createPublisher: write("createPublisher"),
    getPublisher: read("getPublisher"),
    listPublishers: read("listPublishers"),
    putPublisherTopics: write("putPublisherTopics"),
    deletePublisher: write("deletePublisher"),
    createSubscriber: write("createSubscriber"),
    getSubscriber: read("getSubscriber"),
    listSubscribers: read("listSubscribers"),
    deleteSubscriber: write("deleteSubscriber"),
    commitCursor: write("commitCursor"),
    seekSubscriber: write("seekSubscriber"),
    touchSubscriber: write("touchSubscriber"),
    putStreamToken: write("putStreamToken"),
    getStreamToken: read("getStreamToken"),
    append: (request) => link.append(request),
    readEntries: read("readEntries"),
    getShard: read("getShard"),
    findEntry: read("findEntry"),
    async waitForNews(watches, signal) {
      const refs = watches.map(({ ref }) => ref);
      const isBehind = (): boolean =>
        watches.some(({ ref, ticket }) => (reads.getShard(db, ref)?.tickets ?? Number.POSITIVE_INFINITY) > ticket);
      // News may be of what was seen already: it is posted after the answer to the write.
      while (database.isOpen && !signal.aborted && !isBehind()) await news.wait(refs, signal);
    },
    listUncounted: read("listUncounted"),
    getSummaries: read("getSummaries"),
    listWork: read("listWork"),
    saveTerms: write("saveTerms"),
    expire: write("expire"),
    listTables: async () => tableReads.listTables(db),
    listTableItems: async (table, after, limit) => tableReads.listTableItems(db, table, after, limit),
    async close() {
      await link.close();
      if (database.isOpen) database.close();
      news.tellAll();
    },
  };
}
