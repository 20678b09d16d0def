import { deleteLicense } from "../../operations/licenses/delete-license.ts";
import { keyRoute } from "./define-route.ts";
import { createFields, patchFields } from "./license-fields.ts";
import { makeLicenses, patchOf, resetOf, revokeOf, unrevokeOf } from "./license-verbs.ts";
import { LICENSE, LICENSES } from "./license-view.ts";

const createLicense = keyRoute({
  method: "POST",
  path: LICENSES,
  scope: "license:create",
  status: 201,
  body: createFields,
  handle: (deps, caller, { body }) => makeLicenses(deps, caller, caller.productId, body),
});

const patchLicense = keyRoute({
  method: "PATCH",
  path: LICENSE,
  scope: "license:update",
  body: patchFields,
  handle: (deps, caller, { ids, body }) => patchOf(deps, caller, ids, body),
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
  handle: (deps, caller, { ids }) => revokeOf(deps, caller, ids),
});

const unrevoke = keyRoute({
  method: "POST",
  path: `${LICENSE}/unrevoke`,
  scope: "license:unrevoke",
  handle: (deps, caller, { ids }) => unrevokeOf(deps, caller, ids),
});

const reset = (kind: "hwid" | "ip") =>
  keyRoute({
    method: "POST",
    path: `${LICENSE}/reset-${kind}`,
    scope: `license:reset_${kind}`,
    handle: (deps, caller, { ids: { licenseId } }) => resetOf(deps, caller, { licenseId, kind }),
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
