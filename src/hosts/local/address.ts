import type { HttpRequest } from "../http-types.ts";

/**
 * Who calls, as far as an address tells: what the outermost of `proxies` trusted proxies saw, or the other end of the
 * connection. Of IPv6 the first 64 bits, which is what one customer has; an IPv4 address in IPv6 as itself.
 */
export function addressOf(request: HttpRequest, remoteAddress: string | undefined, proxies: number): string {
  if (proxies === 0) return networkOf(remoteAddress ?? "");
  const seen = (request.header("x-forwarded-for") ?? "").split(",");
  const own = seen[seen.length - proxies]?.trim() ?? "";
  // What is no address may be as long as a header; it stands for all that are none.
  return /^[0-9a-fA-F.:]{2,45}$/.test(own) ? networkOf(own.toLowerCase()) : networkOf(remoteAddress ?? "");
}

function networkOf(address: string): string {
  if (address.startsWith("::ffff:") && address.includes(".")) return address.slice(7);
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Math.max(0, 8 - groups.length - behind.length);
  const all = [...groups, ...Array<string>(zeros).fill("0"), ...behind];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
