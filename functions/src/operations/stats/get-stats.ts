import { accept, type Decision } from "../../core/decision.ts";
import type { LicenseStatus, LicenseType } from "../../core/records.ts";
import { dayOf, NO_USAGE, type Usage } from "../../core/usage.ts";
import { activations, licenses, usageDays } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { placeOf } from "../place.ts";
import type { Principal } from "../principal.ts";
import { usageDayId } from "./usage-counters.ts";

export type StatsAsk = {
  readonly productId?: string | undefined;
  readonly creatorId?: string | undefined;
  /** How many days of usage, today (UTC) included. */
  readonly days: number;
};

export type Stats = {
  /** A license past its expiry counts as expired, whatever else it is but suspended or revoked. */
  readonly byStatus: Readonly<Record<LicenseStatus | "expired", number>>;
  readonly byType: Readonly<Record<LicenseType, number>>;
  readonly activations: number;
  readonly liveSeats: number;
  /** Oldest first; `day` in whole days since 1970. */
  readonly days: readonly (Pick<Usage, "checks" | "denials"> & { readonly day: number })[];
};

/** Counts of an account or of one product: 11 aggregate queries and a document a day. */
export async function getStats(
  deps: Deps,
  principal: Principal,
  ask: StatsAsk,
): Promise<Decision<Stats>> {
  const place = await placeOf(deps.store, principal, ask);
  if (!place.ok) return place;
  return accept(await count(deps, place.accountId, place.product?.id ?? null, ask.days));
}

async function count(
  { store, now }: Deps,
  accountId: string,
  productId: string | null,
  days: number,
): Promise<Stats> {
  const at = now();
  const lapsed = { range: { lte: at } };
  const status = (status: LicenseStatus, more: { range?: { lte: number } } = {}) =>
    productId === null
      ? store.count(licenses, "countOfAccountByStatus", { equal: { accountId, status }, ...more })
      : store.count(licenses, "countOfProductByStatus", { equal: { productId, status }, ...more });
  const type = (licenseType: LicenseType) =>
    productId === null
      ? store.count(licenses, "countOfAccountByType", { equal: { accountId, licenseType } })
      : store.count(licenses, "countOfProductByType", { equal: { productId, licenseType } });
  const machines = (more: { range?: { gt: number } } = {}) =>
    productId === null
      ? store.count(activations, "countOfAccount", { equal: { accountId }, ...more })
      : store.count(activations, "countOfProduct", { equal: { productId }, ...more });
  const today = dayOf(at);
  const shown = Array.from({ length: days }, (_, index) => today - days + 1 + index);
  const [active, degraded, activeLapsed, degradedLapsed, suspended, revoked] = await Promise.all([
    status("active"),
    status("degraded"),
    status("active", lapsed),
    status("degraded", lapsed),
    status("suspended"),
    status("revoked"),
  ]);
  const [perMachine, floating, site, machineCount, liveSeats, usage] = await Promise.all([
    type("per-machine"),
    type("floating"),
    type("site"),
    machines(),
    machines({ range: { gt: at } }),
    store.getMany(
      usageDays,
      shown.map((day) => usageDayId(accountId, productId, day)),
    ),
  ]);
  return {
    byStatus: {
      // Counted one after the other while licenses change: never below zero.
      active: Math.max(0, active - activeLapsed),
      degraded: Math.max(0, degraded - degradedLapsed),
      suspended,
      revoked,
      expired: activeLapsed + degradedLapsed,
    },
    byType: { "per-machine": perMachine, floating, site },
    activations: machineCount,
    liveSeats,
    days: shown.map((day, index) => {
      const { checks, denials } = usage[index] ?? NO_USAGE;
      return { day, checks, denials };
    }),
  };
}
