import { decideActivation } from "../../core/activations.ts";
import { accept, type Decision } from "../../core/decision.ts";
import type { Found } from "../../core/enforcement.ts";
import { licenseEvent, machineEvent } from "../../core/events.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import type { License } from "../../core/records.ts";
import { isTurnedAwayAnew } from "../../core/watch.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { enforceLater } from "../licenses/enforce.ts";
import { counted } from "../stats/usage-counters.ts";
import { callerOf, keyHashOf, loadHeld, type MachineAsk } from "./machine.ts";
import { reclaimSeatsOf } from "./reclaim-seats.ts";
import { type IssuedToken, issueToken } from "./tokens.ts";
import { type Usage, usageOf } from "./usage.ts";

export type ActivateAsk = MachineAsk & { readonly hostname: string; readonly productId: string };
export type Activated = { readonly license: License; readonly usage: Usage } & IssuedToken;

/** Binds a machine to a license, or takes a floating seat, and issues its session token. */
export async function activate(deps: Deps, ask: ActivateAsk): Promise<Decision<Activated>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  let { decision, held } = await takeSlot(deps, keyHash, ask, { lastTry: false });
  if (!decision.ok && decision.code === "SEAT_LIMIT_REACHED") {
    const license = await deps.store.get(licenses, keyHash);
    if (license) await reclaimSeatsOf(deps, license);
    ({ decision, held } = await takeSlot(deps, keyHash, ask, { lastTry: true }));
  }
  counted(deps, decision.ok ? decision.license : held, decision);
  if (!decision.ok) return decision;
  const { license } = decision;
  const [token, usage] = await Promise.all([
    issueToken(deps, license, {
      licenseKey: canonicalLicenseKey(ask.licenseKey),
      machineFingerprint: ask.machineFingerprint,
      productId: ask.productId,
    }),
    usageOf(deps, license),
  ]);
  return accept({ license, usage, ...token });
}

/** `held` is the license that was asked about, which a refusal does not name. */
async function takeSlot(
  deps: Deps,
  keyHash: string,
  ask: ActivateAsk,
  { lastTry }: { lastTry: boolean },
): Promise<{ decision: Decision<{ license: License }>; held: License | undefined }> {
  const { machineFingerprint, hostname } = ask;
  const now = deps.now();
  const caller = callerOf(deps);
  const announce = announcer(deps);
  let before: Found = {};
  let after: Found = {};
  const decision = await deps.once(async (tx): Promise<Decision<{ license: License }>> => {
    const held = await loadHeld(tx, keyHash, machineFingerprint);
    before = held;
    const { changed, ...decision } = decideActivation({
      ...held,
      machine: { fingerprint: machineFingerprint, hostname },
      productId: ask.productId,
      caller,
      now,
      settings: deps.settings,
    });
    after = { ...held, ...changed };
    // A full pool may hold lapsed seats: the attempt counts when it is tried again.
    if (!decision.ok && decision.code === "SEAT_LIMIT_REACHED" && !lastTry) return decision;
    if (changed?.license) tx.set(licenses, changed.license);
    if (changed?.activation) tx.set(activations, changed.activation);
    if (!decision.ok) {
      const noted = changed?.license;
      if (noted && isTurnedAwayAnew(held.license, noted)) {
        announce(
          tx,
          licenseEvent("license.seat_limit_reached", noted, { machineFingerprint, hostname }),
        );
      }
      return decision;
    }
    if (!held.activation) announce(tx, machineEvent("license.activated", decision));
    return accept({ license: decision.license });
  });
  enforceLater(deps, { before, after, saved: true });
  return { decision, held: before.license };
}
