import { defineRouter } from "../http/router.ts";
import { geckoguard } from "./geckoguard/routes.ts";

export const v1 = defineRouter({ name: "v1", dialects: [geckoguard] });
