import { write } from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { sweepFiles as sweep } from "../operations/product-files/sweep-files.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";

/** Of uploads and of bytes, in one run. */
const MOST = 1_000;

export const sweepFiles = onSchedule(
  {
    schedule: "every 1 hours",
    memory: "256MiB",
    maxInstances: 1,
    timeoutSeconds: 300,
    secrets: boundSecrets(),
  },
  async () => {
    const { deps } = await liveEdge();
    const { uploads, bytes } = await sweep(deps, { most: MOST });
    if (uploads + bytes > 0) write({ severity: "INFO", message: "sweepFiles", uploads, bytes });
  },
);
