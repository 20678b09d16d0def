import { write } from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { expireFloatingSessions as expire } from "../operations/activations/expire-floating-sessions.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";

/** Bounds one run to well under its minute. */
const MAX_SEATS = 2_000;

export const expireFloatingSessions = onSchedule(
  {
    schedule: "every 1 minutes",
    memory: "256MiB",
    maxInstances: 1,
    secrets: boundSecrets(),
  },
  async () => {
    const { deps } = await liveEdge();
    const { freed, more } = await expire(deps, { maxSeats: MAX_SEATS });
    if (freed > 0) write({ severity: "INFO", message: "expireFloatingSessions", freed, more });
  },
);
