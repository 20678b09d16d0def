import { accept, type Decision } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import { type CheckInAsk, checkIn } from "./check-in.ts";
import { type Usage, usageOf } from "./usage.ts";

/** `expiresAt` in epoch milliseconds: the seat's end, or without seats the token's. */
export type Beat = {
  readonly license: License;
  readonly usage: Usage;
  readonly expiresAt: number;
};

/** Keeps a floating seat; on other licenses a sign of life. */
export async function heartbeat(deps: Deps, ask: CheckInAsk): Promise<Decision<Beat>> {
  const seen = await checkIn(deps, ask);
  if (!seen.ok) return seen;
  const { license, activation, tokenExpiresAt } = seen;
  return accept({
    license,
    usage: await usageOf(deps, license),
    expiresAt: activation.seatExpiresAt ?? tokenExpiresAt,
  });
}
