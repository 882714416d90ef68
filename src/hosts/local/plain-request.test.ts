import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { type PlainRequest, readPlainRequest } from "./plain-request.ts";

const { signal } = new AbortController();

function read(text: string): PlainRequest | undefined {
  return readPlainRequest(Buffer.from(text, "latin1"), () => signal);
}

const plain = "POST /v1/topics/news/messages HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 2\r\n\r\nhi";

describe("a plain request", () => {
  test("gives method, target, headers and body", async () => {
    const request = read(plain)!;
    assert.equal(request.method, "POST");
    assert.equal(request.target, "/v1/topics/news/messages");
    assert.equal(request.header("host"), "localhost:8080");
    assert.equal(Buffer.from(await request.body()).toString(), "hi");
  });

  const others: Record<string, string> = {
    "a part of it": plain.slice(0, -1),
    "more than it": `${plain}x`,
    "another method": plain.replace("POST", "PUT"),
    "HTTP/1.0": plain.replace("HTTP/1.1", "HTTP/1.0"),
    "another path": plain.replace("/v1/topics", "/openapi"),
    "no Host": plain.replace("Host", "X-Host"),
    "a header twice": plain.replace("\r\nContent", "\r\nHOST: evil\r\nContent"),
    "a line that goes on": plain.replace("\r\nContent", "\r\n continued\r\nContent"),
    "a bare line feed": plain.replace("8080\r\n", "8080\n"),
    "a bare carriage return": plain.replace("8080", "80\r80"),
    "a space before the colon": plain.replace("Host:", "Host :"),
    "bytes beyond ASCII": plain.replace("localhost", "l\u00f6calhost"),
    chunks: plain.replace("Content-Length: 2", "Transfer-Encoding: chunked"),
    "a length that is no number": plain.replace("Length: 2", "Length: +2"),
    "two lengths in one": plain.replace("Length: 2", "Length: 2, 2"),
    "an end of the connection": plain.replace("\r\nContent", "\r\nConnection: close\r\nContent"),
    "an expectation": plain.replace("\r\nContent", "\r\nExpect: 100-continue\r\nContent"),
    "an event stream": plain.replace("\r\nContent", "\r\nAccept: text/event-stream\r\nContent"),
    "a head that is too large": plain.replace("\r\nContent", `\r\nX: ${"x".repeat(20_000)}\r\nContent`),
  };
  for (const [what, text] of Object.entries(others)) {
    test(`is not one with ${what}`, () => assert.equal(read(text), undefined));
  }
});

describe("whatever is taken for a plain request", () => {
  let server: Server;
  before(async () => {
    server = createServer({ keepAlive: false }, async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const { method, url, headers } = incoming;
      outgoing.setHeader("connection", "close");
      outgoing.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString("latin1") }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  async function readByHttp(bytes: Buffer): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setEncoding("utf8");
    socket.end(bytes);
    let text = "";
    for await (const chunk of socket) text += chunk;
    return text;
  }

  test("is read by node:http as the same request", async () => {
    let taken = 0;
    const name = fc.constantFrom(
      "Content-Length",
      "Accept",
      "X-A",
      "Cookie",
      "Connection",
      "content-type",
      "Te",
      "Host",
    );
    const value = fc.oneof(
      fc.constantFrom("", " 2", "  3\t", "keep-alive", "0", "a:b", '"x, y"'),
      fc.string({ unit: fc.constantFrom(..."az09 \t:,;\r\n\u0000\u007f\u00e9"), maxLength: 6 }),
    );
    const headers = fc.array(fc.tuple(name, value), { maxLength: 5 });
    const bodies = fc.string({ unit: fc.constantFrom(..."ab\r\n{}\u00ff"), maxLength: 5 });
    const targets = fc.constantFrom(
      ...Array(6).fill("/v1/topics/news/messages"),
      "/v1/topics",
      "/v1/topics?x=%20&y=#z",
      "/v1/a b",
      "/v1/\u00e9",
      "/v1//..//\\",
      "/v1/{|}",
    );
    const edits = fc.array(fc.tuple(fc.nat(200), fc.constantFrom("", "\r", "\n", " ", "\r\n", ":", "\u0000")), {
      maxLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST"),
        targets,
        headers,
        bodies,
        fc.oneof(fc.constant([]), edits),
        async (...parts) => {
          const [method, target, lines, body, changes] = parts;
          const length = lines.some(([key]) => key === "Content-Length") ? [] : [["Content-Length", ` ${body.length}`]];
          const head = [["Host", " h"], ...lines, ...length].map(([key, text]) => `${key}:${text}\r\n`).join("");
          let text = `${method} ${target} HTTP/1.1\r\n${head}\r\n${body}`;
          for (const [at, put] of changes) text = `${text.slice(0, at)}${put}${text.slice(at + 1)}`;
          const request = read(text);
          if (!request) return;
          taken += 1;
          const answer = await readByHttp(Buffer.from(text, "latin1"));
          assert.match(answer, /^HTTP\/1\.1 200 /, text);
          const seen = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
          assert.equal(seen.method, request.method);
          assert.equal(seen.url, request.target);
          assert.equal(seen.body, Buffer.from(await request.body()).toString("latin1"));
          for (const [key, given] of Object.entries(seen.headers)) assert.equal(request.header(key), given, key);
        },
      ),
      { numRuns: 1_000 },
    );
    assert.ok(taken > 100, `only ${taken} of them were plain`);
  });
});
