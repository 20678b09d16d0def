import { write } from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { suspendDue } from "../operations/licenses/suspend-due.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";

const MAX_LICENSES = 1_000;

export const suspendLicenses = onSchedule(
  {
    schedule: "every 10 minutes",
    memory: "256MiB",
    maxInstances: 1,
    secrets: boundSecrets(),
  },
  async () => {
    const { deps } = await liveEdge();
    const { settled, more } = await suspendDue(deps, { maxLicenses: MAX_LICENSES });
    if (settled > 0) write({ severity: "INFO", message: "suspendLicenses", settled, more });
  },
);
