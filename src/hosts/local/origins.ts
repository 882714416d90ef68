import { BellwetherError } from "#contract/errors.ts";
import type { LocalSettings } from "./settings.ts";

/**
 * Keeps web pages of other origins away from a service that trusts whoever reaches it: an open service answers only to
 * names of this machine (a page could otherwise point its own name here: DNS rebinding), and to no foreign Origin.
 * Gives the CORS headers for an origin that may call. Throws `host_refused`, `origin_refused`.
 */
export function checkOrigin(
  settings: LocalSettings,
  host: string | undefined,
  origin: string | undefined,
): Record<string, string> {
  if (settings.openRegistration && !isOwnName(settings, host)) {
    throw new BellwetherError(
      "host_refused",
      `This open service does not answer to the Host "${(host ?? "").slice(0, 100)}". Use localhost, or add the name to ALLOWED_HOSTS.`,
    );
  }
  if (origin === undefined) return {};
  if (settings.corsOrigins.includes(origin) || settings.corsOrigins.includes("*")) return corsHeaders(origin);
  if (settings.openRegistration && !isSameOrigin(origin, host)) {
    throw new BellwetherError(
      "origin_refused",
      `Web pages of "${origin.slice(0, 100)}" may not use this service. Add the origin to CORS_ORIGINS if they should.`,
    );
  }
  return {};
}

function isOwnName(settings: LocalSettings, host: string | undefined): boolean {
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
  return ["localhost", "127.0.0.1", "[::1]"].includes(name) || settings.allowedHosts.includes(name);
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE",
    "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
    "access-control-expose-headers": "Location, Retry-After, Idempotent-Replayed, RateLimit, RateLimit-Policy",
    "access-control-max-age": "600",
    vary: "Origin",
  };
}
