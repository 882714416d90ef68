import { createHostPages } from "../host-pages.ts";
import type { HttpHandler } from "../http-types.ts";

/**
 * What no operation's function is asked: the pages of the host, OPTIONS, and calls that nothing answers, so that their
 * errors are the same problems as everywhere. `otherwise` is the service without operations.
 */
export function createDescribeService(otherwise: HttpHandler): HttpHandler {
  const pages = createHostPages();
  return async (request) =>
    (await pages(request.method, request.target.split("?", 1)[0]!)) ?? (await otherwise(request));
}
