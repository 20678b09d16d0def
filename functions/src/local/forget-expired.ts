import { setTimeout as pause } from "node:timers/promises";
import type { SqliteExpiry } from "../store/sqlite-expiry.ts";

/** A clock that is wrong by some hours takes nothing away. */
const MARGIN_MS = 86_400_000;
const IDLE_MS = 1_000;
const BUSY_MS = 50;
const AFTER_FAILURE_MS = 60_000;

/** Deletes what expired a day ago, for as long as something else keeps the process alive. */
export async function keepForgetting(
  expiry: Pick<SqliteExpiry, "forget">,
  failed: (error: unknown) => void,
): Promise<never> {
  for (;;) {
    await pause(step(expiry, failed), undefined, { ref: false });
  }
}

function step(expiry: Pick<SqliteExpiry, "forget">, failed: (error: unknown) => void): number {
  try {
    return expiry.forget(Date.now() - MARGIN_MS) > 0 ? BUSY_MS : IDLE_MS;
  } catch (error) {
    failed(error);
    return AFTER_FAILURE_MS;
  }
}
