import { defineRouter } from "../http/router.ts";
import { geckoguard } from "./geckoguard/routes.ts";

/** Files are large, and those who download them may be slow. */
const TIMEOUT_SECONDS = 3_600;

export const v1 = defineRouter({
  name: "v1",
  dialects: [geckoguard],
  timeoutSeconds: TIMEOUT_SECONDS,
  secrets: ["POLAR_WEBHOOK_SECRET"],
});
