import { type Found, isWorthJudging, judge, type Shown } from "../../core/enforcement.ts";
import { countrySeen } from "../../core/watch.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { saveLicense } from "./change-license.ts";

type Call = {
  /** What it found. */
  readonly before: Found;
  /** What it left. */
  readonly after: Found;
  /** Whether it wrote the license; a sign of life writes its activation alone. */
  readonly saved: boolean;
};

/**
 * Judges what a client call showed, beside its answer. A call that shows nothing new costs nothing;
 * a new country on a sign of life, or a violation, costs one write of the license.
 */
export function enforceLater(deps: Deps, { before, after, saved }: Call): void {
  const { license, activation } = after;
  if (!license) return;
  const unsaved = !saved && license !== before.license;
  const shown = { license, activation };
  if (unsaved || isWorthJudging(before, shown)) deps.aside(() => enforce(deps, shown, unsaved));
}

async function enforce(deps: Deps, shown: Shown, unsaved: boolean): Promise<void> {
  const limits = await deps.enforcementLimits(shown.license.productId);
  const now = deps.now();
  if (!unsaved && judge(shown, limits, now) === shown.license) return;
  const { license, activation } = shown;
  const announce = announcer(deps);
  await deps.store.transaction(async (tx) => {
    const current = await tx.get(licenses, license.keyHash);
    // The key was rotated meanwhile: the next call shows it again.
    if (current?.id !== license.id) return;
    const seen = countrySeen(current, activation?.lastCountry ?? null, now);
    const judged = judge({ license: seen, activation }, limits, now);
    if (judged !== current) saveLicense(deps, tx, { before: current, after: judged, announce });
  });
}
