import { write } from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { boundSecrets, liveDeliverer } from "../runtime.ts";

/** A run ends before the third after it begins: what it leaves is due then. */
const BUDGET_MS = 50_000;
const TIMEOUT_SECONDS = 150;
const MAX_BATCHES = 1_000;

export const deliverEvents = onSchedule(
  {
    schedule: "every 1 minutes",
    memory: "256MiB",
    maxInstances: 2,
    timeoutSeconds: TIMEOUT_SECONDS,
    secrets: boundSecrets(),
  },
  async () => {
    const deliverer = await liveDeliverer();
    if (!deliverer) return;
    const until = Date.now() + BUDGET_MS;
    const { events, due } = await deliverer.round({ maxBatches: MAX_BATCHES, until });
    await deliverer.idle();
    if (events + due > 0) write({ severity: "INFO", message: "deliverEvents", events, due });
  },
);
