/** A whole POST or PUT request of HTTP/1.1. */
export function bodyRequest(
  method: "POST" | "PUT",
  path: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const lines = Object.entries({ host: "127.0.0.1", ...headers, "content-length": String(body.length) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`), body]);
}
