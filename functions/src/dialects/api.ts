import { defineRouter } from "../http/router.ts";
import { codegate } from "./codegate/routes.ts";
import { proxgate } from "./proxgate/routes.ts";

export const api = defineRouter({ name: "api", dialects: [codegate, proxgate] });
