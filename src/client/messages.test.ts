import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { BellwetherError } from "#contract/errors.ts";
import type { Discontinuity, Message } from "#contract/types.ts";
import { createClient } from "./client.ts";
import type { FakeService, SeenRequest } from "./fake-service.ts";
import { message, messageEvent, problem, sendJson, startFakeService } from "./fake-service.ts";

const retries = { attempts: 2, baseMs: 1, maxMs: 2 };
const retryAtOnce = "retry: 1\n\n";

/** Plays one stream after the other; the commits are answered by themselves. The last stream stays open. */
function playStreams(streams: readonly (string | ((response: ServerResponse) => void))[]) {
  let number = 0;
  return startFakeService((request, response) => {
    if (request.method === "PUT") return sendJson(response, 200, JSON.parse(request.body));
    const stream = streams[number++];
    if (typeof stream === "function") return stream(response);
    response.writeHead(200, { "content-type": "text/event-stream" }).write(retryAtOnce + (stream ?? ""));
    if (number < streams.length) response.end();
  });
}

function commitsOf(service: FakeService): string[] {
  const commits = service.requests.filter((request) => request.method === "PUT");
  return commits.map((request) => JSON.parse(request.body).cursor);
}

function readsOf(service: FakeService): SeenRequest[] {
  return service.requests.filter((request) => request.method === "GET");
}

/** Both ways that requests go: what a client takes on Node by itself, and fetch. */
for (const http of [{}, { fetch }]) {
  describe(`over ${"fetch" in http ? "fetch" : "node:http"}`, () => {
    function subscriberOf(service: FakeService) {
      return createClient({ ...http, url: service.url, retries }).subscriber({ subscriberId: "s1", token: "bw_sub_1" });
    }

    test("a lost stream is resumed behind the last event; only what was processed is committed", async () => {
      await using service = await playStreams([messageEvent(1) + messageEvent(2), messageEvent(3) + messageEvent(4)]);
      const seen: string[] = [];
      for await (const { id } of subscriberOf(service).messages()) {
        seen.push(id);
        if (id === "m3") break;
      }

      assert.deepEqual(seen, ["m1", "m2", "m3"]);
      assert.deepEqual(
        readsOf(service).map((request) => request.headers["last-event-id"]),
        [undefined, "c2"],
      );
      assert.equal(commitsOf(service).at(-1), "c2", "m3 was left at, so it is not processed");
    });

    test("a signal ends the loop in order and commits the message it was at", async () => {
      await using service = await playStreams([messageEvent(1) + messageEvent(2)]);
      const controller = new AbortController();
      for await (const { id } of subscriberOf(service).messages({ signal: controller.signal })) {
        if (id === "m2") controller.abort();
      }
      assert.equal(commitsOf(service).at(-1), "c2");
    });

    test("return() ends an iterator that waits for a message", async () => {
      await using service = await playStreams([messageEvent(1)]);
      const messages = subscriberOf(service).messages();
      await messages.next();
      const waiting = messages.next();
      await messages.return?.();
      assert.equal((await waiting).done, true);
      assert.equal(commitsOf(service).at(-1), "c1");
    });

    test("without commit nothing is committed", async () => {
      await using service = await playStreams([messageEvent(1) + messageEvent(2)]);
      for await (const { id } of subscriberOf(service).messages({ commit: false })) if (id === "m2") break;
      assert.deepEqual(commitsOf(service), []);
    });

    test("after a seek by somebody else it begins again from the present cursor", async () => {
      const superseded = (response: ServerResponse) => sendJson(response, 409, problem(409, "cursor_superseded"));
      await using service = await playStreams([messageEvent(7), superseded, messageEvent(1)]);
      const seen: string[] = [];
      for await (const { id } of subscriberOf(service).messages({ commit: false })) {
        seen.push(id);
        if (id === "m1") break;
      }
      assert.deepEqual(seen, ["m7", "m1"]);
      assert.deepEqual(
        readsOf(service).map((request) => request.headers["last-event-id"]),
        [undefined, "c7", undefined],
      );
    });

    test("a commit that a seek overtook ends the stream and begins again", async () => {
      let streams = 0;
      await using service = await startFakeService((request, response) => {
        if (request.method === "PUT") return sendJson(response, 409, problem(409, "cursor_superseded"));
        streams += 1;
        const events = Array.from({ length: 150 }, (_, index) => messageEvent(streams * 1_000 + index)).join("");
        response.writeHead(200, { "content-type": "text/event-stream" }).write(events);
      });
      let count = 0;
      for await (const { sequence } of subscriberOf(service).messages()) {
        count += 1;
        if (sequence >= 2_000) break;
      }
      assert.ok(count > 100);
      assert.equal(streams, 2);
    });

    test("a refused token ends the iterator with the error", async () => {
      const refused = (response: ServerResponse) => sendJson(response, 401, problem(401, "unauthenticated"));
      await using service = await playStreams([messageEvent(1), refused]);
      const seen: string[] = [];
      await assert.rejects(
        async () => {
          for await (const { id } of subscriberOf(service).messages()) seen.push(id);
        },
        (error) => error instanceof BellwetherError && error.code === "unauthenticated",
      );
      assert.deepEqual(seen, ["m1"]);
    });

    test("loss is announced between the messages, in both transports", async () => {
      const gap: Discontinuity = { topic: "news", shard: 0, fromSequence: 2, toSequence: 4, reason: "expired" };
      const gapEvent = `event: discontinuity\nid: c4\ndata: ${JSON.stringify(gap)}\n\n`;
      await using streaming = await playStreams([messageEvent(1) + gapEvent + messageEvent(5)]);
      await using paging = await startPages([[1], [5]], gap);
      for (const [service, follow] of [
        [streaming, true],
        [paging, false],
      ] as const) {
        const seen: unknown[] = [];
        const onDiscontinuity = (discontinuity: Discontinuity) => void seen.push(discontinuity);
        for await (const { id } of subscriberOf(service).messages({ onDiscontinuity, follow })) {
          seen.push(id);
          if (id === "m5") break;
        }
        assert.deepEqual(seen, ["m1", gap, "m5"]);
      }
    });

    /** Serves pages of these sequences by cursor `c<last sequence>`; the gap comes with the second page. */
    function startPages(pages: readonly (readonly number[])[], gap?: Discontinuity) {
      const all = pages.flat();
      return startFakeService((request, response) => {
        if (request.method === "PUT") return sendJson(response, 200, JSON.parse(request.body));
        const query = new URL(request.target, "http://localhost").searchParams;
        const after = Number(query.get("after")?.slice(1) ?? 0);
        const page = pages.find((sequences) => sequences.some((sequence) => sequence > after)) ?? [];
        const messages = page.filter((sequence) => sequence > after).slice(0, Number(query.get("limit") ?? 100));
        const last = messages.at(-1) ?? after;
        const discontinuities = gap && page === pages[1] ? [gap] : [];
        const pollAfterMs = last === (all.at(-1) ?? 0) ? 1 : 0;
        sendJson(response, 200, { messages: messages.map(message), cursor: `c${last}`, discontinuities, pollAfterMs });
      });
    }

    test("without follow it ends when it has caught up, everything committed", async () => {
      await using service = await startPages([[1, 2], [3]]);
      const seen: Message[] = [];
      for await (const each of subscriberOf(service).messages({ follow: false })) seen.push(each);
      assert.deepEqual(seen, [1, 2, 3].map(message));
      assert.equal(commitsOf(service).at(-1), "c3");
    });

    test("within a page the cursor behind the last processed message is asked for", async () => {
      await using service = await startPages([[1, 2, 3, 4]]);
      for await (const { id } of subscriberOf(service).messages({ follow: false })) if (id === "m3") break;
      assert.deepEqual(commitsOf(service), ["c2"]);
    });

    test("a limit ends the loop behind its last message, in both transports", async () => {
      await using streaming = await playStreams([messageEvent(1) + messageEvent(2) + messageEvent(3)]);
      await using paging = await startPages([[1, 2, 3]]);
      for (const service of [streaming, paging]) {
        const seen: string[] = [];
        const follow = service === streaming;
        for await (const { id } of subscriberOf(service).messages({ limit: 2, follow })) seen.push(id);
        assert.deepEqual(seen, ["m1", "m2"]);
        assert.equal(commitsOf(service).at(-1), "c2");
      }
    });

    test("long polls wait, and go on behind the last page", async () => {
      await using service = await startPages([[1, 2], [3]]);
      for await (const { id } of subscriberOf(service).messages({ transport: "poll" })) if (id === "m3") break;
      assert.deepEqual(
        readsOf(service).map((request) => request.target.split("?")[1]),
        ["limit=100&wait=20", "limit=100&after=c2&wait=20"],
      );
    });

    test("a tail resumes by the last event and never commits", async () => {
      await using service = await playStreams([messageEvent(1), messageEvent(2)]);
      const client = createClient({ ...http, url: service.url, retries });
      for await (const { id } of client.tailMessages("news", { at: "2026-01-01T00:00:00Z" })) if (id === "m2") break;
      assert.deepEqual(
        service.requests.map(({ method, target, headers }) => [method, target, headers["last-event-id"]]),
        [
          ["GET", "/v1/topics/news/messages?at=2026-01-01T00%3A00%3A00Z", undefined],
          ["GET", "/v1/topics/news/messages", "c1"],
        ],
      );
    });
  });
}
