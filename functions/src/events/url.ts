import ipaddr from "ipaddr.js";
import { isLoopback, mayReach } from "./addresses.ts";

const MAX_LENGTH = 2_048;
const LOCAL_NAMES = /(^|\.)(localhost|local|internal)$/;

/** The host of a URL as names are resolved: no brackets, no dot at the end. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$|\.$/g, "");

/**
 * Why events cannot be sent to a URL, in words that follow its name; `undefined` when they can.
 * What a name resolves to is another matter, looked at whenever something is sent.
 */
export function urlProblem(
  text: string,
  { allowLoopback }: { allowLoopback: boolean },
): string | undefined {
  if (text.length > MAX_LENGTH) return `must not be longer than ${MAX_LENGTH} characters`;
  const url = URL.parse(text);
  if (!url) return "must be a URL";
  const host = hostOf(url);
  const here = isLoopback(host) || host === "localhost" || host.endsWith(".localhost");
  const plain = url.protocol === "http:" && here && allowLoopback;
  if (url.protocol !== "https:" && !plain) return "must begin with https://";
  if (url.username || url.password) return "must not hold a user name or password";
  if (text.includes("#")) return "must not have a fragment";
  if (here) return allowLoopback ? undefined : "must not lead to a private address";
  const local = ipaddr.isValid(host) ? !mayReach(host, { allowLoopback }) : LOCAL_NAMES.test(host);
  return local ? "must not lead to a private address" : undefined;
}
