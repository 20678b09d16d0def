import { amendLicense } from "../../operations/licenses/amend-license.ts";
import { createLicenses } from "../../operations/licenses/create-licenses.ts";
import { deleteLicense } from "../../operations/licenses/delete-license.ts";
import { reinstateLicense } from "../../operations/licenses/reinstate-license.ts";
import { type BindingsReset, resetBindings } from "../../operations/licenses/reset-bindings.ts";
import { revokeLicense } from "../../operations/licenses/revoke-license.ts";
import { keyRoute } from "./define-route.ts";
import { isoOrNull } from "./fields.ts";
import { createFields, expiryIn, patchFields } from "./license-fields.ts";
import { licenseItem } from "./license-records.ts";
import { LICENSE, LICENSES, shown, view } from "./license-view.ts";
import { policyIn } from "./policy.ts";

const createLicense = keyRoute({
  method: "POST",
  path: LICENSES,
  scope: "license:create",
  status: 201,
  body: createFields,
  async handle(deps, caller, { body }) {
    const read = policyIn(body.policyOverride, "policyOverride");
    if (!read.ok) return read;
    const created = await createLicenses(deps, caller.principal, {
      productId: caller.productId,
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
  },
});

const patchLicense = keyRoute({
  method: "PATCH",
  path: LICENSE,
  scope: "license:update",
  body: patchFields,
  async handle(deps, caller, { ids, body }) {
    const read = policyIn(body.policyOverride, "policyOverride");
    if (!read.ok) return read;
    const { hold, endUserId, note } = body;
    const change = { hold, endUserId, note, expiry: expiryIn(body), policyOverride: read.policy };
    return shown(deps, caller, await amendLicense(deps, caller.principal, ids, change));
  },
});

const removeLicense = keyRoute({
  method: "DELETE",
  path: LICENSE,
  scope: "license:delete",
  async handle(deps, caller, { ids }) {
    const decision = await deleteLicense(deps, caller.principal, ids);
    return decision.ok ? { deleted: true } : decision;
  },
});

const revoke = keyRoute({
  method: "POST",
  path: `${LICENSE}/revoke`,
  scope: "license:revoke",
  handle: async (deps, caller, { ids }) =>
    shown(deps, caller, await revokeLicense(deps, caller.principal, ids)),
});

const unrevoke = keyRoute({
  method: "POST",
  path: `${LICENSE}/unrevoke`,
  scope: "license:unrevoke",
  handle: async (deps, caller, { ids }) =>
    shown(deps, caller, await reinstateLicense(deps, caller.principal, ids, { only: "revoked" })),
});

export const resetItem = ({ licenseId, cleared, resets }: BindingsReset) => ({
  licenseId,
  cleared,
  resets: { ...resets, nextAllowedAt: isoOrNull(resets.nextAllowedAt) },
});

const reset = (kind: "hwid" | "ip") =>
  keyRoute({
    method: "POST",
    path: `${LICENSE}/reset-${kind}`,
    scope: `license:reset_${kind}`,
    async handle(deps, caller, { ids: { licenseId } }) {
      const decision = await resetBindings(deps, caller.principal, { licenseId, kind });
      return decision.ok ? resetItem(decision) : decision;
    },
  });

export const licenseChanges = [
  createLicense,
  patchLicense,
  removeLicense,
  revoke,
  unrevoke,
  reset("hwid"),
  reset("ip"),
];
