import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startHeldService, startService, type TestService, within } from "./harness.ts";

/** How calls may lie on a connection: together, in pieces, early; and how a connection may go on and end. */
describe("a connection", () => {
  let service: TestService;
  let token: string;
  before(async () => {
    service = await startService();
    token = (await service.registerPublisher(["news"])).token;
  });
  after(() => service.close());

  const head = (length: string): string =>
    `POST /v1/topics/news/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: text/plain\r\n${length}\r\n\r\n`;
  const publish = (text: string): string => `${head(`content-length: ${text.length}`)}${text}`;
  const publishInChunks = (text: string): string =>
    `${head("transfer-encoding: chunked")}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

  /** A socket with the bodies of the answers that have come, read as JSON. */
  async function open(): Promise<{
    send(text: string): void;
    end(): void;
    answers(count: number): Promise<{ status: number; messages: { id: string; sequence: number }[] }[]>;
    ended(): Promise<void>;
  }> {
    const socket = await service.socket();
    socket.setEncoding("utf8");
    let text = "";
    let ended = false;
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => {
      ended = true;
    });
    const within = async (what: string, reached: () => boolean): Promise<void> => {
      for (let i = 0; !reached(); i++) {
        assert.ok(i < 1000, `not within 10 s: ${what}; got ${text}`);
        await delay(10);
      }
    };
    const found = (): RegExpMatchArray[] => [
      ...text.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n(?:[^\r]+\r\n)+\r\n(\{[^\n]*\}\n)/g),
    ];
    return {
      send: (sent) => void socket.write(sent),
      end: () => void socket.end(),
      async answers(count) {
        await within(`${count} answers`, () => found().length >= count);
        return found().map(([, status, body]) => ({ status: Number(status), ...JSON.parse(body!) }));
      },
      ended: () => within("the end", () => ended),
    };
  }

  function assertInOrder(
    answers: Awaited<ReturnType<Awaited<ReturnType<typeof open>>["answers"]>>,
    count: number,
  ): void {
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(count).fill(201),
    );
    const sequences = answers.map(({ messages }) => messages[0]!.sequence);
    assert.deepEqual(
      sequences,
      sequences.map((_, i) => sequences[0]! + i),
    );
  }

  test("takes calls one after the other", async () => {
    const connection = await open();
    for (let i = 1; i <= 5; i++) {
      connection.send(publish(`${i}`));
      await connection.answers(i);
    }
    assertInOrder(await connection.answers(5), 5);
  });

  test("takes several calls in one piece, and answers in their order", async () => {
    const connection = await open();
    connection.send(publish("1") + publish("2") + publish("3"));
    assertInOrder(await connection.answers(3), 3);
  });

  test("takes calls that come before the answer to the one before", async () => {
    const connection = await open();
    for (let i = 0; i < 20; i++) {
      connection.send(publish(`${i}`));
      if (i % 5 === 0) await delay(1);
    }
    assertInOrder(await connection.answers(20), 20);
  });

  test("takes a call cut anywhere", async () => {
    const whole = publish("cut");
    const cuts = [...whole].map((_, i) => i).filter((i) => i > 0 && (i < 8 || i % 17 === 0 || i > whole.length - 9));
    await Promise.all(
      cuts.map(async (cut) => {
        const connection = await open();
        connection.send(whole.slice(0, cut));
        await delay(20);
        connection.send(whole.slice(cut));
        assert.equal((await connection.answers(1))[0]!.status, 201);
        connection.end();
      }),
    );
  });

  test("takes calls of every shape by turns", async () => {
    const connection = await open();
    const large = "large ".repeat(20_000);
    const calls = [
      publish("a"),
      publishInChunks("b"),
      publish("c"),
      publish(large),
      publishInChunks(large),
      publish("d"),
    ];
    for (const [i, call] of calls.entries()) {
      connection.send(call);
      await connection.answers(i + 1);
    }
    assertInOrder(await connection.answers(calls.length), calls.length);
  });

  test("that sends no more still gets its answer, and the end", async () => {
    const connection = await open();
    connection.send(publish("last"));
    connection.end();
    assertInOrder(await connection.answers(1), 1);
    await connection.ended();
  });

  test("that sends calls ahead and then no more gets every answer, and the end", async () => {
    const subscriber = await service.registerSubscriber(["news"]);
    const connection = await open();
    const poll = `GET /v1/subscribers/${subscriber.subscriberId}/messages?wait=1 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${subscriber.token}\r\n\r\n`;
    connection.send(poll);
    await delay(200);
    connection.send(publish("ahead"));
    await delay(50);
    connection.send(publish("ahead too"));
    connection.end();
    const answers = await connection.answers(3);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 201, 201],
    );
    await connection.ended();
  });

  test("that asks for its end gets it after the answer", async () => {
    const connection = await open();
    connection.send(publish("one"));
    await connection.answers(1);
    connection.send(publish("two").replace("\r\n", "\r\nconnection: close\r\n"));
    assertInOrder(await connection.answers(2), 2);
    await connection.ended();
  });

  test("that does not read for a while gets every answer when it reads", async () => {
    const text = "x".repeat(100_000);
    for (let i = 0; i < 10; i++)
      await service.call("POST", "/v1/topics/news/messages", {
        token,
        body: text,
        headers: { "content-type": "text/plain" },
      });
    const socket = await service.socket();
    socket.pause();
    const poll = "GET /v1/topics/news/messages?limit=1000 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let sent = 0;
    // Each answer is above 1 MB: with what the two sockets hold of it, some few of them.
    for (; sent < 50; sent++) {
      socket.write(poll);
      await delay(5);
    }
    let bytes = 0;
    let answers = 0;
    let tail = "";
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      const text = tail + chunk.toString("latin1");
      answers += text.split("HTTP/1.1 200").length - 1;
      tail = text.slice(-11);
    });
    socket.resume();
    for (let i = 0; answers < sent; i++) {
      assert.ok(i < 1000, `${answers} answers of ${sent}, ${bytes} bytes`);
      await delay(10);
    }
  });

  test("is answered one call after the other, however many it sends ahead and whatever it reads", async () => {
    const topic = await service.registerPublisher(["large"]);
    const body = "x".repeat(100_000);
    for (let i = 0; i < 8; i++)
      await service.call("POST", "/v1/topics/large/messages", { json: { body }, token: topic.token });
    const answered = async (): Promise<number> => {
      const { text } = await service.call("GET", "/metrics");
      return Number(/^bellwether_calls_total\{operation="browseMessages",status="200"\} (\d+)/m.exec(text)?.[1] ?? 0);
    };
    const earlier = await answered();
    const socket = (await service.socket()).pause();
    socket.write("GET /v1/topics/large/messages HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100));

    let before = -1;
    for (let now = earlier; now !== before || now === earlier; now = await answered()) {
      before = now;
      await delay(200);
    }
    assert.ok(before - earlier < 20, `${before - earlier} answers of 800 KB were made for one that reads none`);

    socket.resume();
    await eventually(async () => (await answered()) === earlier + 100, "all answers once it reads");
    socket.destroy();
  });

  test("that sends far more calls ahead than it takes answers is ended", async () => {
    const socket = (await service.socket()).resume();
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.write("GET /v1/topics/large/messages HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(20_000));
    await within(ended, "the connection ends");
  });
});

test("a call that came while the process stood still is answered, though the connection's time was over", async () => {
  await using held = await startHeldService();
  held.server.headersTimeout = 200;
  const socket = await held.socket();
  await delay(50);
  // From a turn of the event loop whose next one looks at its timers before it reads.
  await new Promise(setImmediate);
  const answer = new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(String(bytes))));

  socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);

  assert.match(await within(answer, "an answer"), /^HTTP\/1\.1 200 /);
});
