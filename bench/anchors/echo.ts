import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The ceiling of anything over `node:http`: reads the body, parses it as JSON, and answers 201 with as many bytes as the
 * service does. Stores nothing.
 */
const answerBytes = Number(process.argv[2]);
const answer = Buffer.from(JSON.stringify({ answer: "x".repeat(Math.max(0, answerBytes - 13)) }));

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString());
    outgoing.writeHead(201, { "content-type": "application/json", "content-length": answer.length }).end(answer);
  });
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
