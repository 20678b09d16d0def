import { undashed } from "../../core/licenses.ts";
import type { Product } from "../../core/records.ts";
import {
  codeStatus,
  type RedemptionCode,
  type RedemptionLogEntry,
} from "../../core/redemption-codes.ts";

/** Unix seconds. */
export const unix = (instant: number): number => Math.floor(instant / 1000);
export const unixOrNull = (instant: number | null): number | null =>
  instant === null ? null : unix(instant);

export function codeItem(code: RedemptionCode, product: Product, now: number) {
  const status = codeStatus(code, product, now);
  return {
    id: undashed(code.id),
    code: code.text,
    status: status === "used",
    is_disabled: status === "disabled",
    is_expired: status === "expired",
    expires_at: unixOrNull(code.expiresAt),
    verified_at: unixOrNull(code.usedAt),
    verified_by: code.usedBy,
    created_at: unix(code.createdAt),
  };
}

export const logItem = ({ id, at, by, address, result }: RedemptionLogEntry) => ({
  id: undashed(id),
  verified_at: unix(at),
  verified_by: by,
  ip_address: address,
  result,
});

type Counts = Readonly<Record<"total" | "used" | "unused" | "disabled" | "expired", number>>;

export const countItems = (counts: Counts) => ({
  total_codes: counts.total,
  used_codes: counts.used,
  unused_codes: counts.unused,
  disabled_codes: counts.disabled,
  expired_codes: counts.expired,
});
