import { write } from "firebase-functions/logger";
import { onSchedule, type ScheduleFunction } from "firebase-functions/scheduler";
import type { Deps } from "../operations/deps.ts";
import type { Swept } from "../operations/licenses/sweep-licenses.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";

const MOST = 1_000;

/** A function that settles what is due, a bounded number every ten minutes. */
export const defineSweep = (
  name: string,
  sweep: (deps: Deps, bounds: { maxLicenses: number }) => Promise<Swept>,
): ScheduleFunction =>
  onSchedule(
    {
      schedule: "every 10 minutes",
      memory: "256MiB",
      maxInstances: 1,
      secrets: boundSecrets(),
    },
    async () => {
      const { deps } = await liveEdge();
      const { settled, more } = await sweep(deps, { maxLicenses: MOST });
      if (settled > 0) write({ severity: "INFO", message: name, settled, more });
    },
  );
