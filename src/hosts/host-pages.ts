import { BellwetherError } from "#contract/errors.ts";
import { createOpenApi } from "#contract/openapi.ts";
import type { HttpResponse } from "./http-types.ts";
import { problemResponse } from "./problems.ts";
import { version } from "./version.ts";

/** A page that belongs to the host, not to an operation. */
export interface HostPage {
  readonly type: string;
  body(): string | Promise<string>;
}

const allow = ["GET", "HEAD", "OPTIONS"];

/** `/healthz` and `/openapi.json`, and what pages a host has besides. Gives undefined for a path that is none of them. */
export function createHostPages(
  more: Readonly<Record<string, HostPage>> = {},
): (method: string, path: string) => Promise<HttpResponse | undefined> {
  let openApi: string | undefined;
  const pages = new Map<string, HostPage>([
    ["/healthz", { type: "application/json", body: () => `{"status":"ok","version":"${version}"}\n` }],
    [
      "/openapi.json",
      {
        type: "application/json",
        body() {
          openApi ??= `${JSON.stringify(createOpenApi(version), null, 2)}\n`;
          return openApi;
        },
      },
    ],
    ...Object.entries(more),
  ]);
  return async (method, path) => {
    const page = pages.get(path);
    if (!page) return undefined;
    if (method === "OPTIONS") return { status: 204, headers: { allow: allow.join(", ") } };
    if (!["GET", "HEAD"].includes(method)) {
      return problemResponse(
        new BellwetherError("method_not_allowed", `${method} is not taken here; ${allow.join(", ")} are.`, { allow }),
      );
    }
    const headers = { "content-type": page.type, "cache-control": "no-store", "x-content-type-options": "nosniff" };
    return { status: 200, headers, body: method === "HEAD" ? "" : await page.body(), operation: path.slice(1) };
  };
}
