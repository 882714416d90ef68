import { readBenchText } from "../text.ts";
import type { PublishTarget } from "./jobs.ts";

/** The publish calls of a target over the whole text, each as the bytes that go out. */
export function publishRequests({ path, token, messageBytes, batch }: PublishTarget): Buffer[] {
  const { messages } = readBenchText(messageBytes);
  if (batch === 1) return messages.map((message) => request(path, token, message));
  const batches = Math.max(1, Math.floor(messages.length / batch));
  return Array.from({ length: batches }, (_, i) => {
    const texts = Array.from({ length: batch }, (_, n) => messages[(i * batch + n) % messages.length]!.toString());
    return request(path, token, Buffer.from(`{"messages":[${texts.join()}]}`));
  });
}

function request(path: string, token: string, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
