import type { HttpClient, HttpExchange, HttpRequest, HttpResponse } from "./http-client.ts";

/*
 * HTTP by `node:http` and `node:https`, whose calls cost a fraction of those of Node's fetch. The modules are asked of
 * Node at run time and none is imported, so that the same file loads, and is bundled, wherever a client runs; what is
 * used of them is declared here for the same reason.
 */

/** What is used of `node:http` and `node:https`. */
export interface NodeHttpModule {
  readonly Agent: new (options: { keepAlive: boolean; maxFreeSockets: number; timeout: number }) => object;
  request(options: object, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

interface ClientRequest {
  on(event: "error", listener: (error: Error) => void): unknown;
  end(body?: string): unknown;
  destroy(): unknown;
}

interface IncomingMessage extends AsyncIterable<Uint8Array> {
  readonly statusCode?: number | undefined;
  readonly errored: Error | null;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** Connections that are kept for each service when nothing is under way. */
const freeSocketsMax = 256;

/** As Node's fetch has it: shorter than servers keep connections open, so that few calls meet one that is closing. */
const freeSocketMs = 4_000;

interface Scheme {
  readonly http: NodeHttpModule;
  readonly agent: object;
}

/** One agent a scheme for all clients of the process. Its idle connections are no reason for a process to go on. */
const schemes = new Map<string, Scheme | undefined>();

/** Makes HTTP for a service by `node:http`. Undefined where this is not Node, but a browser or another runtime. */
export function createNodeHttp(root: string): HttpClient | undefined {
  const url = new URL(root);
  const scheme = schemeOf(url.protocol);
  if (!scheme) return undefined;
  const { http, agent } = scheme;
  const path = url.pathname.replace(/\/$/, "");
  // An IPv6 address has brackets in a URL only.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address = { agent, host, ...(url.port === "" ? {} : { port: Number(url.port) }) };
  return {
    send: ({ method, target, headers, body }) => send(http, { ...address, method, path: path + target, headers }, body),
  };
}

function schemeOf(protocol: string): Scheme | undefined {
  if (!schemes.has(protocol)) {
    const http = nodeModule(protocol === "https:" ? "node:https" : "node:http");
    const options = { keepAlive: true, maxFreeSockets: freeSocketsMax, timeout: freeSocketMs };
    schemes.set(protocol, http && { http, agent: new http.Agent(options) });
  }
  return schemes.get(protocol);
}

/** Bun and Deno have a `node:http` too, which is made over what their fetch is made of. */
function nodeModule(name: string): NodeHttpModule | undefined {
  const { process } = globalThis as {
    readonly process?: {
      readonly versions?: Readonly<Record<string, string | undefined>>;
      readonly getBuiltinModule?: (name: string) => unknown;
    };
  };
  if (!process?.versions?.node || process.versions.bun || process.versions.deno) return undefined;
  return process.getBuiltinModule?.(name) as NodeHttpModule | undefined;
}

function send(http: NodeHttpModule, options: object, body: HttpRequest["body"]): HttpExchange {
  let request: ClientRequest | undefined;
  const response = new Promise<HttpResponse>((resolve, reject) => {
    request = http.request(options, (message) => resolve(new NodeResponse(message)));
    request.on("error", reject);
    request.end(body);
  });
  return { response, cancel: () => void request?.destroy() };
}

class NodeResponse implements HttpResponse {
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.#message = message;
    // It may fail before its body is asked for; who asks is then told by the message itself.
    message.on("error", () => {});
  }

  get status(): number {
    return this.#message.statusCode ?? 0;
  }

  header(name: string): string | undefined {
    const value = this.#message.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  text(): Promise<string> {
    const message = this.#message;
    return new Promise((resolve, reject) => {
      if (message.errored) return reject(message.errored);
      const decoder = new TextDecoder();
      let text = "";
      message.on("data", (chunk) => {
        text += decoder.decode(chunk, { stream: true });
      });
      message.on("end", () => resolve(text + decoder.decode()));
      message.on("error", reject);
    });
  }

  chunks(): AsyncIterable<Uint8Array> {
    return this.#message;
  }
}
