import fc from "fast-check";
import { bytesOf, type WireRequest } from "./wire.ts";

/** A way to make a rendered request strange, and the number that says how. */
export interface Twist {
  readonly name: TwistName;
  readonly n: number;
}

type Change = (request: WireRequest, n: number) => WireRequest;

const pick = <T>(items: readonly T[], n: number): T => items[n % items.length]!;

const insert = (text: string, at: number, part: string): string => text.slice(0, at) + part + text.slice(at);

/** Somewhere behind the first slash. */
const insertInTarget = (request: WireRequest, n: number, part: string): WireRequest => ({
  ...request,
  target: insert(request.target, 1 + (n % request.target.length), part),
});

const withQuery = (request: WireRequest, part: string): WireRequest => ({
  ...request,
  target: `${request.target}${request.target.includes("?") ? "&" : "?"}${part}`,
});

const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({
  ...request,
  headers: [...request.headers, [name, value]],
});

const setHeader = (request: WireRequest, name: string, value: string): WireRequest =>
  withHeader({ ...request, headers: request.headers.filter(([each]) => each !== name) }, name, value);

/** Another body, with its right length. */
const withBody = (request: WireRequest, body: Uint8Array): WireRequest => ({
  ...setHeader(request, "content-length", String(body.length)),
  body,
});

const spliced = (body: Uint8Array, n: number, part: Uint8Array, drop = 0): Uint8Array => {
  const at = n % (body.length + 1);
  return Buffer.concat([body.subarray(0, at), part, body.subarray(at + drop)]);
};

const methods =
  "GET HEAD POST PUT DELETE OPTIONS PATCH TRACE PROPFIND MKCOL QUERY LINK get G\u00e9T CONNECT SEARCH X".split(" ");
const mediaTypes =
  "application/json;charset=utf-8|APPLICATION/JSON|application/json; charset=latin1|text/plain|text/plain;charset=utf-16|application/x-ndjson|application/ndjson|application/xml|multipart/form-data; boundary=x|application/x-www-form-urlencoded|;|json|application/json, text/plain|*/*".split(
    "|",
  );
const accepts =
  "*/*|text/event-stream|text/html|application/*|application/json;q=0|, ,|;;;|text/event-stream, */*|application/problem+json|image/png".split(
    "|",
  );

/** Every twist by its name. */
const changes = {
  method: (request, n) => ({ ...request, method: pick(methods, n) }),
  percentEncoded: (request, n) => {
    const at = 1 + (n % (request.target.length - 1 || 1));
    const code = request.target.charCodeAt(at).toString(16).padStart(2, "0");
    return { ...request, target: `${request.target.slice(0, at)}%${code}${request.target.slice(at + 1)}` };
  },
  badPercent: (request, n) =>
    insertInTarget(
      request,
      n,
      pick(["%", "%ZZ", "%ff", "%00", "%2F", "%252e", "%E0%A4%A", "%c0%af", "%0d%0a", "+"], n),
    ),
  slashes: (request, n) =>
    insertInTarget(request, n, pick(["/", "//", "/./", "/../", "\\", ";", "?", "#", "&&", "="], n)),
  longTarget: (request, n) => insertInTarget(request, n, "x".repeat(pick([200, 3_000, 5_000, 20_000], n))),
  strangeTarget: (request, n) => ({
    ...request,
    target: pick(
      ["*", "http://x/v1/topics", "//", "/v1", "/", "/V1/topics", "/v1/topics/t/../t", "/metrics?x", "/healthz/", "v1"],
      n,
    ),
  }),
  unknownQuery: (request, n) =>
    withQuery(
      request,
      pick(["x=1", "__proto__=1", "constructor=x", "=", "limit", "limit=", "limit=%00", "%ff=1", "[]=1"], n),
    ),
  repeatedQuery: (request, n) =>
    withQuery(
      withQuery(request, pick(["limit=1", "after=a", "topic=t"], n)),
      pick(["limit=1", "after=a", "topic=t"], n),
    ),
  rawBytesInTarget: (request, n) =>
    insertInTarget(request, n, pick(["\u00e9", "\u00ff", "\u007f", " ", "\t", '<>"{}|^`'], n)),
  contentType: (request, n) => setHeader(request, "content-type", pick(mediaTypes, n)),
  noContentType: (request) => ({ ...request, headers: request.headers.filter(([name]) => name !== "content-type") }),
  accept: (request, n) => setHeader(request, "accept", pick(accepts, n)),
  repeatedHeader: (request, n) => {
    const name = pick(
      [
        "content-type",
        "authorization",
        "accept",
        "idempotency-key",
        "last-event-id",
        "host",
        "content-length",
        "origin",
        "transfer-encoding",
        "x-a",
      ],
      n,
    );
    const [, own] = request.headers.find(([each]) => each === name) ?? ["", "x"];
    return withHeader(withHeader(request, name, own), name, pick([own, "y", ""], n >> 4));
  },
  header: (request, n) => {
    const [name, value] = pick(
      [
        ["origin", "http://evil.example"],
        ["origin", "null"],
        ["host", ""],
        ["host", "evil.example"],
        ["idempotency-key", ""],
        ["idempotency-key", "x".repeat(256)],
        ["idempotency-key", "caf\u00e9"],
        ["last-event-id", "\u00ff"],
        ["last-event-id", ""],
        ["authorization", "Basic eDp5"],
        ["authorization", ""],
        ["authorization", `Bearer ${"x".repeat(600)}`],
        ["authorization", "Bearer  bw_pub_x_y"],
        ["expect", "100-continue"],
        ["expect", "something"],
        ["upgrade", "websocket"],
        ["connection", "close"],
        ["connection", "upgrade"],
        ["range", "bytes=0-1"],
        ["x-http-method-override", "DELETE"],
        ["content-encoding", "gzip"],
        ["if-none-match", "*"],
        ["forwarded", "for=1.2.3.4"],
        ["x-huge", "x".repeat(17_000)],
        ["x-bytes", "\u0080\u00ff"],
        ["x-control", "a\u0001b"],
        ["bad name", "x"],
        ["transfer-encoding", "chunked"],
        ["transfer-encoding", "gzip, chunked"],
        ["content-length", "-1"],
        ["content-length", "99999999999999999999"],
        ["content-length", "0x10"],
      ] as const,
      n,
    );
    return setHeader(request, name, value);
  },
  manyHeaders: (request, n) => ({
    ...request,
    headers: [...request.headers, ...Array.from({ length: pick([100, 1_500], n) }, (_, i) => [`x-${i}`, "y"] as const)],
  }),
  shortBody: (request, n) => withBody(request, request.body.subarray(0, n % (request.body.length + 1))),
  changedByte: (request, n) => withBody(request, spliced(request.body, n, Buffer.of((n >> 3) & 255), 1)),
  insertedBytes: (request, n) =>
    withBody(
      request,
      spliced(
        request.body,
        n,
        pick(
          [
            Buffer.of(0xff),
            Buffer.of(0),
            Buffer.from("\ufeff"),
            Buffer.of(0xed, 0xa0, 0x80),
            Buffer.from("\r\n"),
            Buffer.from("\\ud800"),
            Buffer.from('"'),
            Buffer.from("1e999"),
            Buffer.from("}"),
          ],
          n,
        ),
      ),
    ),
  deepBody: (request, n) => {
    const depth = pick([50, 100, 5_000, 200_000], n);
    const deep = pick(
      [`${"[".repeat(depth)}1${"]".repeat(depth)}`, `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`, "[".repeat(depth)],
      n >> 2,
    );
    return withBody(
      request,
      Buffer.from(
        pick([`{"body":${deep}}`, deep, `{"messages":[{"body":${deep}}]}`, `{"body":${deep},"body":1}`], n >> 4),
      ),
    );
  },
  repeatedField: (request, n) => {
    const text = Buffer.from(request.body).toString();
    return text.startsWith("{") && text.length > 2
      ? withBody(
          request,
          Buffer.from(
            `{${pick(['"body":1,', '"topics":[],', '"messages":[],', '"__proto__":{},', '"name":"n",'], n)}${text.slice(1)}`,
          ),
        )
      : request;
  },
  largeBody: (request, n) =>
    withBody(
      request,
      Buffer.from(`{"body":"${"x".repeat(pick([262_000, 262_200, 351_000, 2_097_100, 2_097_200, 2_500_000], n))}"}`),
    ),
  manyMessages: (request, n) =>
    withBody(
      request,
      Buffer.from(
        `{"messages":[${Array.from({ length: pick([0, 2, 999, 1_000, 1_001], n) }, () => '{"body":1}').join()}]}`,
      ),
    ),
  longNumber: (request, n) =>
    withBody(
      request,
      Buffer.from(`{"body":${pick(["1".repeat(5_000), "-0", "1E400", "0.1e-9999", "01", "1.", "+1", "NaN"], n)}}`),
    ),
  noBody: (request) => withBody(request, Buffer.alloc(0)),
  chunked: (request, n) => {
    const headers = request.headers.filter(([name]) => name !== "content-length");
    const size = request.body.length.toString(16);
    const extension = pick(["", ";a=b", `;${"x".repeat(200)}`], n);
    const body =
      request.body.length === 0
        ? Buffer.from("0\r\n\r\n")
        : Buffer.concat([Buffer.from(`${size}${extension}\r\n`), request.body, Buffer.from("\r\n0\r\n\r\n")]);
    return { ...request, headers: [...headers, ["transfer-encoding", "chunked"]], body };
  },
  pieces: (request, n) => ({ ...request, pauseAt: n % bytesOf(request).length }),
  halfClosed: (request, n) => ({ ...request, halfAt: bytesOf(request).length - (n % (request.body.length + 20)) }),
  cut: (request, n) => ({ ...request, cutAt: n % (request.body.length + 200) }),
} as const satisfies Record<string, Change>;

export type TwistName = keyof typeof changes;

const names = Object.keys(changes) as TwistName[];

/** Those that hold a connection or much memory are rare. */
const rare: ReadonlySet<string> = new Set(["deepBody", "manyMessages", "manyHeaders", "longTarget"]);

export const twist: fc.Arbitrary<Twist> = fc.record({
  name: fc.oneof(...names.map((name) => ({ weight: rare.has(name) ? 1 : 4, arbitrary: fc.constant(name) }))),
  n: fc.nat(),
});

export function applyTwists(request: WireRequest, twists: readonly Twist[]): WireRequest {
  return twists.reduce((changed, { name, n }) => (changes[name] as Change)(changed, n), request);
}
