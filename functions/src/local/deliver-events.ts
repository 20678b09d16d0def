import { setTimeout as pause } from "node:timers/promises";
import type { Deliverer } from "../operations/events/deliver.ts";

const POLL_MS = 250;
const POLL_AFTER_FAILURE_MS = 5_000;
const MAX_BATCHES = 100;

/** Delivers from now on, for as long as something else keeps the process alive. */
export async function keepDeliveringEvents(
  deliverer: Deliverer,
  failed: (error: unknown) => void,
): Promise<never> {
  for (;;) {
    const rest = await deliverer.round({ maxBatches: MAX_BATCHES }).then(
      () => POLL_MS,
      (error: unknown) => {
        failed(error);
        return POLL_AFTER_FAILURE_MS;
      },
    );
    await pause(rest, undefined, { ref: false });
  }
}
