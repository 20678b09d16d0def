import type { Dialect } from "../../http/router.ts";
import { activate } from "./activate.ts";
import { deactivate } from "./deactivate.ts";
import { proxgateSurface } from "./surface.ts";
import { validate } from "./validate.ts";
import { heartbeat, pendingActions, register } from "./wordpress.ts";

export const proxgate: Dialect = {
  surface: proxgateSurface,
  owns: ["/api/v1/licenses/", "/api/v1/wordpress/"],
  routes: [activate, validate, deactivate, register, heartbeat, pendingActions],
};
