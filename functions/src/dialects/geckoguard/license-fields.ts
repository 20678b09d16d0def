import * as z from "zod";
import type { ExpirationMode } from "../../core/expiry.ts";
import type { AskedExpiry } from "../../core/expiry-terms.ts";
import type { Hold } from "../../core/license-amendments.ts";
import { dateTime, text, uuid } from "./fields.ts";
import { LICENSE_STATUSES } from "./license-records.ts";

const MODES = ["never", "fixed", "afterActivation", "both"] as const satisfies ExpirationMode[];
const MAX_DAYS = 36_500;
const MAX_COUNT = 500;
const MAX_NOTE = 500;

export const whole = (max: number) => {
  const words = `must be a whole number from 1 to ${max}`;
  return z.int(words).min(1, words).max(max, words);
};

/** What create and patch have in common (reference, sections 9.6 and 9.7). */
const terms = {
  expirationMode: z.enum(MODES, `must be one of ${MODES.join(", ")}`).optional(),
  expiresAt: dateTime.nullable().optional(),
  expiresAfterDays: whole(MAX_DAYS).nullable().optional(),
  /** Read as a policy, which has an error code of its own. */
  policyOverride: z.unknown().optional(),
  endUserId: uuid.nullable().optional(),
  note: text(MAX_NOTE).nullable().optional(),
};

const key = z
  .string("must be a string")
  .regex(/^[A-Za-z0-9._-]{4,128}$/, "must be 4 to 128 characters of A-Z a-z 0-9 - _ .");

const made = {
  ...terms,
  key: key.nullish().transform((given) => given ?? undefined),
  count: whole(MAX_COUNT).default(1),
};
const oneKeyEach = ({ key, count }: { key?: string | undefined; count: number }) =>
  key === undefined || count === 1;
const keyOfMany = { path: ["key"], message: "must be left out where count is more than 1" };

export const createFields = z.object(made).refine(oneKeyEach, keyOfMany);

/** The same, with the product that the path does not name. */
export const createInOrgFields = z
  .object({ ...made, productId: uuid })
  .refine(oneKeyEach, keyOfMany);

/** A row of an import (reference, section 9.11), with what exports have besides. */
export const importedFields = z.object(
  {
    key,
    productId: uuid.optional(),
    expirationMode: terms.expirationMode,
    expiresAt: terms.expiresAt,
    expiresAfterDays: terms.expiresAfterDays,
    activatedAt: dateTime.nullable().optional(),
    status: z.enum(LICENSE_STATUSES, `must be one of ${LICENSE_STATUSES.join(", ")}`).optional(),
    note: terms.note,
  },
  "must be an object",
);

export const filterFields = {
  status: z.enum(LICENSE_STATUSES, `must be one of ${LICENSE_STATUSES.join(", ")}`).optional(),
  search: text(256).optional(),
  endUserId: uuid.optional(),
};

const SETTABLE = ["ACTIVE", "REVOKED", "FROZEN"] as const;
const HOLD_OF: { readonly [S in (typeof SETTABLE)[number]]: Hold } = {
  ACTIVE: "released",
  REVOKED: "revoked",
  FROZEN: "suspended",
};

export const patchFields = z
  .object({
    ...terms,
    status: z.enum(SETTABLE, `must be one of ${SETTABLE.join(", ")}`).optional(),
    frozen: z.boolean("must be true or false").optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    message: "must have a field to change",
  })
  .refine(
    ({ status, frozen }) =>
      status === undefined || frozen === undefined || frozen === (status === "FROZEN"),
    { path: ["frozen"], message: "contradicts status" },
  )
  .transform(({ status, frozen, ...rest }) => ({ ...rest, hold: holdOf(status, frozen) }));

function holdOf(
  status: (typeof SETTABLE)[number] | undefined,
  frozen: boolean | undefined,
): Hold | undefined {
  if (status !== undefined) return HOLD_OF[status];
  return frozen === undefined ? undefined : frozen ? "suspended" : "unfrozen";
}

export const expiryIn = (given: {
  readonly expirationMode?: ExpirationMode | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly expiresAfterDays?: number | null | undefined;
}): AskedExpiry => ({
  mode: given.expirationMode,
  expiresAt: given.expiresAt,
  expiresAfterDays: given.expiresAfterDays,
});
