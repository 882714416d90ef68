import type { ClientFace, HttpFace } from "../compare/peer.ts";
import { findPeer } from "../compare/peers.ts";
import { numberOffset, readBenchText, readNumber, writeNumber } from "../text.ts";
import { type Connection, openConnections } from "./connection.ts";
import { eventStreamRequest, type OnMessage, openEventStreams } from "./event-streams.ts";
import type { PeerTarget, Target } from "./jobs.ts";
import { publishRequests } from "./requests.ts";

/** One publisher: the next call goes out when the last is answered. */
export interface Sender {
  /** Publishes the message (or batch) of a number, which is written into it. */
  send(number: number, onAnswer: () => void): void;
  close(): void;
}

/** Opens publishers to a target. Over HTTP all requests are prebuilt; through a system's own client all messages are. */
export async function openSenders(target: Target, count: number): Promise<Sender[]> {
  const face = "peer" in target ? (await findPeer(target.peer)).face : undefined;
  if (face?.kind === "client") return openClients(face, target as PeerTarget, count);
  const requests = requestsOf(target, face);
  const offsets = requests.map(numberOffset);
  const connections = await openConnections(portOf(target), count);
  return connections.map((connection) => httpSender(connection, requests, offsets, face?.accepted));
}

/** Opens subscribers that tell of every message by the number in it. */
export async function openSubscribers(target: Target, count: number, onMessage: OnMessage): Promise<{ close(): void }> {
  if ("requests" in target) throw new Error("Calls by turns have no stream.");
  if (!("peer" in target)) return openEventStreams(target.port, eventStreamRequest(target.path), count, onMessage);
  const { face } = await findPeer(target.peer);
  if (face.kind === "http") {
    const request = face.subscribe!(target.address);
    return openEventStreams(target.address.port, request, count, onMessage);
  }
  const clients = await Promise.all(Array.from({ length: count }, () => face.connect(target.address)));
  for (const [subscriber, client] of clients.entries()) {
    await client.subscribe((bytes) => {
      const offset = numberOffset(bytes);
      if (offset !== undefined) onMessage(readNumber(bytes, offset), subscriber, performance.now());
    });
  }
  return { close: () => clients.forEach((client) => void client.close()) };
}

function requestsOf(target: Target, face: HttpFace | undefined): Buffer[] {
  if ("requests" in target) return target.requests.map((request) => Buffer.from(request));
  if (!("peer" in target)) return publishRequests(target);
  return batchesOf(target).map((messages) => face!.publish(target.address, messages));
}

/** The text in groups of the target's batch size. */
function batchesOf({ messageBytes, batch }: PeerTarget): Buffer[][] {
  const { messages } = readBenchText(messageBytes);
  return Array.from({ length: Math.max(1, Math.floor(messages.length / batch)) }, (_, i) =>
    Array.from({ length: batch }, (_, n) => messages[(i * batch + n) % messages.length]!),
  );
}

function httpSender(
  connection: Connection,
  requests: readonly Buffer[],
  offsets: readonly (number | undefined)[],
  accepted: HttpFace["accepted"],
): Sender {
  let checked = accepted === undefined;
  return {
    send(number, onAnswer) {
      const index = number % requests.length;
      const request = requests[index]!;
      // A request without a message in it has no place for a number.
      const offset = offsets[index];
      if (offset !== undefined) writeNumber(request, offset, number);
      if (checked) return connection.send(request, onAnswer);
      // The first answer stands for all: looking into each would cost what is measured.
      checked = true;
      connection.send(request, (body) => {
        if (!accepted!(body.toString())) throw new Error(`The message was not accepted: ${body}`);
        onAnswer();
      });
    },
    close: () => connection.close(),
  };
}

async function openClients(face: ClientFace, target: PeerTarget, count: number): Promise<Sender[]> {
  const batches = batchesOf(target);
  const clients = await Promise.all(Array.from({ length: count }, () => face.connect(target.address)));
  return clients.map((client) => ({
    send(number, onAnswer) {
      const messages = batches[number % batches.length]!;
      writeNumber(messages[0]!, numberOffset(messages[0]!)!, number);
      const published = target.batch === 1 ? client.publish(messages[0]!) : client.publishBatch(messages);
      // A refusal ends the generator: what was not acknowledged is no figure.
      published.then(onAnswer);
    },
    close: () => void client.close(),
  }));
}

function portOf(target: Target): number {
  return "peer" in target ? target.address.port : target.port;
}
