import { accept, type Decision, type RefusalCode } from "../../core/decision.ts";
import { licenseEvent, machineFacts } from "../../core/events.ts";
import { standing } from "../../core/licenses.ts";
import type { Activation, License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { reachLicense } from "../licenses/change-license.ts";
import type { Principal } from "../principal.ts";
import { counted } from "../stats/usage-counters.ts";
import { keyHashOf } from "./machine.ts";
import { signOfLife } from "./sign-of-life.ts";

export type CheckActivationAsk = {
  readonly licenseKey: string;
  /** Left out: the license alone is judged. */
  readonly fingerprint?: string | undefined;
  readonly domain?: string | undefined;
};

export type CheckedActivation = {
  readonly license: License;
  /** Null where none was asked for or found. */
  readonly activation: Activation | null;
  /** Why the license is of no use there; null where it is. */
  readonly refusal: RefusalCode | null;
};

/**
 * Judges a license, and the activation that is named, for an API key that stands in for the token.
 * What is found was seen, also on a license that is blocked; what is not found is not made.
 */
export async function checkActivation(
  deps: Deps,
  principal: Principal,
  ask: CheckActivationAsk,
): Promise<Decision<CheckedActivation>> {
  const found = await reachLicense(deps.store, principal, keyHashOf(deps, ask.licenseKey));
  if (!found.ok) return found;
  const { license } = found;
  const { accountId, productId } = license;
  const blocked = standing(license, deps.now());
  const type = "license.validated";
  const told = await deps.subscribed(accountId, { type, productId });
  const announce = announcer(deps);
  const event = (refusal: RefusalCode | null, activation?: Activation) =>
    licenseEvent(type, license, {
      ...(activation ? machineFacts(activation) : {}),
      outcome: refusal ?? "VALID",
    });
  const seen =
    ask.fingerprint === undefined
      ? undefined
      : await signOfLife(deps, license, {
          fingerprint: ask.fingerprint,
          domain: ask.domain,
          tell: (tx, { activation }) => {
            if (told) announce(tx, event(blocked?.code ?? null, activation));
          },
        });
  const refused = blocked ?? (seen?.ok === false ? seen : undefined);
  const refusal = refused?.code ?? null;
  if (told && !seen?.ok) {
    await deps.store.transaction(async (tx) => announce(tx, event(refusal)));
  }
  counted(deps, license, refused ?? found);
  const after = seen?.ok ? seen.license : license;
  return accept({ license: after, activation: seen?.ok ? seen.activation : null, refusal });
}
