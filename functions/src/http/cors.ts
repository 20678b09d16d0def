import type { Answer } from "./surface.ts";

/** Who may call the paths that begin so from a browser: every site, or those of the settings. */
export type CorsRule = { readonly prefix: string; readonly origins: "any" | "configured" };

type Headers = Readonly<Record<string, string>>;

const EXPOSED =
  "X-Request-Id, Retry-After, Idempotent-Replayed, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";
const PREFLIGHT_SECONDS = 86_400;

/** What a browser is told with every answer, or `undefined` for paths that are for no browser. */
export function crossOrigin(
  rules: readonly CorsRule[],
  path: string,
  { origin, configured }: { origin: string | undefined; configured: readonly string[] },
): Headers | undefined {
  const rule = rules.find(({ prefix }) => path.startsWith(prefix));
  if (!rule) return undefined;
  if (rule.origins === "any") {
    return { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED };
  }
  if (origin === undefined || !configured.includes(origin)) return { Vary: "Origin" };
  return {
    Vary: "Origin",
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Expose-Headers": EXPOSED,
  };
}

/** To a site that may not call, the same answer without the permission. */
export const preflight = (shared: Headers, requestId: string): Answer => ({
  status: 204,
  body: undefined,
  headers: {
    "X-Request-Id": requestId,
    ...shared,
    ...(shared["Access-Control-Allow-Origin"] === undefined
      ? {}
      : {
          "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
          "Access-Control-Allow-Headers":
            "Authorization, Content-Type, Idempotency-Key, X-Request-Id",
          "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
        }),
  },
});
