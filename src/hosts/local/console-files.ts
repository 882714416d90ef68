import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BellwetherError } from "#contract/errors.ts";
import type { HttpRequest, HttpResponse } from "../http-types.ts";
import { problemResponse } from "../problems.ts";

/** Where `npm run console:build` puts the console, seen from the sources as from what is built of them. */
export const consoleFolder: string = fileURLToPath(new URL("../../../dist/console", import.meta.url));

/** Gives what belongs to the console; undefined for every other path. */
export type ConsoleFiles = (request: HttpRequest) => Promise<HttpResponse | undefined>;

interface File {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** What is held in memory at most. A folder of more is not the console. */
const filesMax = 500;
const bytesMax = 33_554_432;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

/** Compressed beside a file, the better one first. */
const encodings = [
  { name: "br", extension: ".br" },
  { name: "gzip", extension: ".gz" },
];

const allow = ["GET", "HEAD", "OPTIONS"];

/**
 * Serves the built console out of memory, `/` to whoever takes HTML. A path is looked up among those that the folder held
 * when it was read: no path leads outside it. It is read at the first call, and again when its page has changed.
 * `endpoints` are the origins that the page may call besides its own.
 */
export function createConsoleFiles(folder: string, endpoints: readonly string[]): ConsoleFiles {
  const policy = contentPolicy(endpoints);
  let files: ReadonlyMap<string, File> = new Map();
  let readAtMs: number | undefined;

  const refresh = async (): Promise<void> => {
    const changedAtMs = (await stat(join(folder, "index.html")).catch(() => undefined))?.mtimeMs;
    if (changedAtMs === readAtMs) return;
    files = changedAtMs === undefined ? new Map() : await readFolder(folder);
    readAtMs = changedAtMs;
  };

  return async (request) => {
    const path = request.target.split("?", 1)[0]!;
    const isPage = path === "/" && !!request.header("accept")?.includes("text/html");
    if (isPage || readAtMs === undefined) await refresh();
    const file = isPage ? "/index.html" : path;
    const found = files.get(file);
    if (!found && !isPage) return undefined;
    if (request.method === "OPTIONS")
      return { status: 204, headers: { allow: allow.join(", ") }, operation: "console" };
    if (!["GET", "HEAD"].includes(request.method)) return notAllowed(request.method);
    const headers = { ...fixedHeaders, "content-security-policy": policy };
    if (!found) return notBuilt(request, headers);
    return answer(request, file, found, files, headers);
  };
}

const fixedHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  vary: "Accept, Accept-Encoding",
};

/** Nothing but the page's own files and calls: no inline script or style, no frame, no form that leaves. */
function contentPolicy(endpoints: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    `connect-src ${["'self'", ...endpoints].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function answer(
  request: HttpRequest,
  path: string,
  plain: File,
  files: ReadonlyMap<string, File>,
  common: Record<string, string>,
): HttpResponse {
  const taken = (request.header("accept-encoding") ?? "").split(",").map((part) => part.trim().toLowerCase());
  const encoding = encodings.find(({ name, extension }) => taken.includes(name) && files.has(path + extension));
  const { bytes, etag } = encoding ? files.get(path + encoding.extension)! : plain;
  const headers: Record<string, string> = {
    ...common,
    etag,
    // What is built has a name that changes with what is in it, but for the page itself.
    "cache-control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  };
  const known = (request.header("if-none-match") ?? "").split(",").map((part) => part.trim().replace(/^W\//, ""));
  if (known.includes(etag)) return { status: 304, headers, operation: "console" };
  headers["content-type"] = plain.type;
  headers["content-length"] = String(bytes.length);
  if (encoding) headers["content-encoding"] = encoding.name;
  return { status: 200, headers, bytes: request.method === "HEAD" ? new Uint8Array() : bytes, operation: "console" };
}

function notAllowed(method: string): HttpResponse {
  const message = `${method} is not taken here; ${allow.join(", ")} are.`;
  return problemResponse(new BellwetherError("method_not_allowed", message, { allow }));
}

function notBuilt({ method }: HttpRequest, common: Record<string, string>): HttpResponse {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Bellwether</title>
<h1>The console is not built</h1>
<p>The service runs. To have its console here, run <code>npm run console:build</code> in its folder, and load this page again.
<p>What can be called without it is described in <a href="/openapi.json">openapi.json</a>.
</html>
`;
  const headers = { ...common, "cache-control": "no-store", "content-type": types[".html"]! };
  return { status: 200, headers, body: method === "HEAD" ? "" : page, operation: "console" };
}

async function readFolder(folder: string): Promise<ReadonlyMap<string, File>> {
  const files = new Map<string, File>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytesLeft = bytesMax;
  for (const entry of entries.filter((each) => each.isFile()).slice(0, filesMax)) {
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    bytesLeft -= size;
    if (bytesLeft < 0) break;
    const bytes = await readFile(path);
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    const type = types[extname(entry.name)] ?? "application/octet-stream";
    files.set(`/${relative(folder, path).split(sep).join("/")}`, { type, bytes, etag });
  }
  return files;
}
