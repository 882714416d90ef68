import { once } from "node:events";
import { connect, type Socket } from "node:net";

const headEnd = Buffer.from("\r\n\r\n");
/** An answer in chunks is over when it ends like this: there is only one at a time. */
const lastChunk = Buffer.from("0\r\n\r\n");
const untilLastChunk = Number.POSITIVE_INFINITY;

/** One keep-alive connection: a request's bytes out, one answer back. Parses no more than where that ends. */
export class Connection {
  readonly #socket: Socket;
  #onAnswer: ((body: Buffer) => void) | undefined;
  #pieces: Buffer[] = [];
  #received = 0;
  /** Bytes of the whole answer, once its head is there; `untilLastChunk` if it does not say. */
  #expected = 0;
  #bodyAt = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    return new Connection(socket);
  }

  get busy(): boolean {
    return this.#onAnswer !== undefined;
  }

  send(request: Buffer, onAnswer: (body: Buffer) => void): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#received += chunk.length;
    if (this.#expected === 0 && !this.#readHead()) return;
    if (this.#expected === untilLastChunk ? !endsWith(this.#pieces, lastChunk) : this.#received < this.#expected)
      return;
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    const body = whole.subarray(this.#bodyAt, this.#expected);
    const onAnswer = this.#onAnswer!;
    this.#onAnswer = undefined;
    this.#pieces = [];
    this.#received = 0;
    this.#expected = 0;
    onAnswer(body);
  }

  #readHead(): boolean {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    const bytes = this.#pieces[0]!;
    const end = bytes.indexOf(headEnd);
    if (end < 0) return false;
    const head = bytes.toString("latin1", 0, end).toLowerCase();
    if (head.charCodeAt(9) !== 50) throw new Error(`The server answered: ${bytes.toString().slice(0, 600)}`);
    const lengthAt = head.indexOf("content-length: ");
    this.#bodyAt = end + headEnd.length;
    if (lengthAt < 0) this.#expected = untilLastChunk;
    else this.#expected = this.#bodyAt + Number.parseInt(head.slice(lengthAt + 16, lengthAt + 26), 10);
    return true;
  }
}

function endsWith(pieces: Buffer[], bytes: Buffer): boolean {
  if (pieces.length > 1 && pieces.at(-1)!.length < bytes.length) pieces.splice(0, pieces.length, Buffer.concat(pieces));
  const last = pieces.at(-1)!;
  return last.length >= bytes.length && last.compare(bytes, 0, bytes.length, last.length - bytes.length) === 0;
}

export function openConnections(port: number, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(port)));
}

/** A whole GET request. */
export function getRequest(path: string, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries({ host: "127.0.0.1", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}
