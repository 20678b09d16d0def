import type { Dialect } from "../../http/router.ts";
import { activate } from "./licenses.ts";
import { proxgateSurface } from "./surface.ts";

export const proxgate: Dialect = {
  surface: proxgateSurface,
  owns: ["/api/v1/licenses/", "/api/v1/wordpress/"],
  routes: [activate],
};
