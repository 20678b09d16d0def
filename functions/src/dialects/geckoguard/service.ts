import type { Route } from "../../http/router.ts";
import { reachStore } from "../../operations/reach-store.ts";
import { VERSION } from "../../version.ts";
import { keyRoute, publicRoute } from "./define-route.ts";
import { iso } from "./fields.ts";

export const whoami = keyRoute({
  method: "GET",
  path: "/v1/whoami",
  scope: null,
  handle: async (_deps, { keyId, productId }) => ({ apiKeyId: keyId, productId }),
});

export const getStatus = publicRoute({
  method: "GET",
  path: "/v1/status",
  handle: async ({ now }) => ({ status: "ok", version: VERSION, time: iso(now()) }),
});

/**
 * `/health` for its callers. Whoever watches the service is not counted, and never turned away; many that
 * do send `HEAD`.
 */
const healthBy = (method: "GET" | "HEAD"): Route => ({
  method,
  path: "/v1/health",
  tellsHealth: true,
  async handle(deps) {
    await reachStore(deps);
    return { status: 200, body: { ok: true } };
  },
});

export const getHealth = healthBy("GET");
export const headHealth = healthBy("HEAD");
