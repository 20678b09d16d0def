import type * as z from "zod";
import type { Deps } from "../../operations/deps.ts";
import { amendLicense } from "../../operations/licenses/amend-license.ts";
import { createLicenses } from "../../operations/licenses/create-licenses.ts";
import { reinstateLicense } from "../../operations/licenses/reinstate-license.ts";
import { type BindingsReset, resetBindings } from "../../operations/licenses/reset-bindings.ts";
import { revokeLicense } from "../../operations/licenses/revoke-license.ts";
import { isoOrNull } from "./fields.ts";
import { type createFields, expiryIn, type patchFields } from "./license-fields.ts";
import { licenseItem } from "./license-records.ts";
import { shown, type Viewer, view } from "./license-view.ts";
import { policyIn } from "./policy.ts";

// What API keys and members do with licenses alike.

type Ids = { readonly licenseId: string };

export async function makeLicenses(
  deps: Deps,
  caller: Viewer,
  productId: string,
  body: z.output<typeof createFields>,
) {
  const read = policyIn(body.policyOverride, "policyOverride");
  if (!read.ok) return read;
  const created = await createLicenses(deps, caller.principal, {
    productId,
    key: body.key,
    count: body.count,
    expiry: expiryIn(body),
    policyOverride: read.policy ?? null,
    endUserId: body.endUserId ?? null,
    note: body.note ?? null,
  });
  if (!created.ok) return created;
  const as = view(deps, caller);
  const licenses = created.made.map(({ id, licenseKey }) =>
    licenseItem({ ...created.license, id }, licenseKey, as),
  );
  return { license: licenses[0], licenses, count: licenses.length };
}

export async function patchOf(
  deps: Deps,
  caller: Viewer,
  { licenseId }: Ids,
  body: z.output<typeof patchFields>,
) {
  const read = policyIn(body.policyOverride, "policyOverride");
  if (!read.ok) return read;
  const { hold, endUserId, note } = body;
  const change = { hold, endUserId, note, expiry: expiryIn(body), policyOverride: read.policy };
  const which = { licenseId };
  return shown(deps, caller, await amendLicense(deps, caller.principal, which, change));
}

export const revokeOf = async (deps: Deps, caller: Viewer, { licenseId }: Ids) =>
  shown(deps, caller, await revokeLicense(deps, caller.principal, { licenseId }));

export const unrevokeOf = async (deps: Deps, caller: Viewer, { licenseId }: Ids) => {
  const only = { only: "revoked" } as const;
  return shown(deps, caller, await reinstateLicense(deps, caller.principal, { licenseId }, only));
};

export const resetItem = ({ licenseId, cleared, resets }: BindingsReset) => ({
  licenseId,
  cleared,
  resets: { ...resets, nextAllowedAt: isoOrNull(resets.nextAllowedAt) },
});

export async function resetOf(
  deps: Deps,
  { principal }: Viewer,
  { licenseId, kind }: Ids & { readonly kind: "hwid" | "ip" },
) {
  const decision = await resetBindings(deps, principal, { licenseId, kind });
  return decision.ok ? resetItem(decision) : decision;
}
