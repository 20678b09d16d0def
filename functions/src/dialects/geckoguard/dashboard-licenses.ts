import * as z from "zod";
import type { Deps } from "../../operations/deps.ts";
import { findLicense } from "../../operations/licenses/find-license.ts";
import { listAccountLicenses } from "../../operations/licenses/list-account-licenses.ts";
import { redeemLicense } from "../../operations/licenses/redeem-license.ts";
import { listMemberships } from "../../operations/orgs/list-orgs.ts";
import { dashboardRoute, userRoute } from "./dashboard-route.ts";
import { text, uuid } from "./fields.ts";
import { createInOrgFields, filterFields, patchFields } from "./license-fields.ts";
import { licenseItem, standingOf } from "./license-records.ts";
import { makeLicenses, patchOf, resetOf, revokeOf, unrevokeOf } from "./license-verbs.ts";
import { shown } from "./license-view.ts";
import { pagination, paging } from "./paging.ts";
import { licensePath } from "./whose.ts";

const OF_ORG = "/v1/dashboard/orgs/:orgId/licenses";
const LICENSES = "/v1/dashboard/licenses";
const LICENSE = `${LICENSES}/:licenseId` as const;

const query = z.object({ ...paging({ max: 1_000 }), ...filterFields, productId: uuid.optional() });

async function listed(
  deps: Deps,
  accountIds: readonly string[],
  { status, ...asked }: z.output<typeof query>,
) {
  const standing = status && standingOf[status];
  const decision = await listAccountLicenses(deps, accountIds, { ...asked, standing });
  if (!decision.ok) return decision;
  const { found, total } = decision;
  const as = { now: deps.now(), seesOwners: true };
  return {
    licenses: found.map(({ license, licenseKey }) => licenseItem(license, licenseKey, as)),
    ...pagination({ ...asked, total }),
  };
}

const listOfOrg = dashboardRoute({
  method: "GET",
  path: OF_ORG,
  ability: "license.read",
  query,
  handle: (deps, { principal }, { query }) => listed(deps, [principal.accountId], query),
});

const listAll = userRoute({
  method: "GET",
  path: LICENSES,
  query,
  async handle(deps, { userId }, { query }) {
    const memberships = await listMemberships(deps, userId);
    const accountIds = memberships.map(({ accountId }) => accountId);
    return listed(deps, accountIds, query);
  },
});

const create = dashboardRoute({
  method: "POST",
  path: OF_ORG,
  ability: "license.change",
  status: 201,
  body: createInOrgFields,
  handle: (deps, caller, { body }) => makeLicenses(deps, caller, body.productId, body),
});

const get = dashboardRoute({
  method: "GET",
  path: LICENSE,
  ability: "license.read",
  whose: licensePath,
  handle: async (deps, caller, { ids }) =>
    shown(deps, caller, await findLicense(deps, caller.principal, ids.licenseId)),
});

const patch = dashboardRoute({
  method: "PATCH",
  path: LICENSE,
  ability: "license.change",
  whose: licensePath,
  body: patchFields,
  handle: (deps, caller, { ids, body }) => patchOf(deps, caller, ids, body),
});

const revoke = dashboardRoute({
  method: "POST",
  path: `${LICENSE}/revoke`,
  ability: "license.change",
  whose: licensePath,
  handle: (deps, caller, { ids }) => revokeOf(deps, caller, ids),
});

const unrevoke = dashboardRoute({
  method: "POST",
  path: `${LICENSE}/unrevoke`,
  ability: "license.change",
  whose: licensePath,
  handle: (deps, caller, { ids }) => unrevokeOf(deps, caller, ids),
});

const reset = (kind: "hwid" | "ip") =>
  dashboardRoute({
    method: "POST",
    path: `${LICENSE}/reset-${kind}`,
    ability: "license.change",
    whose: licensePath,
    handle: (deps, caller, { ids }) => resetOf(deps, caller, { ...ids, kind }),
  });

const redeem = userRoute({
  method: "POST",
  path: `${LICENSES}/redeem`,
  body: z.object({ licenseKey: text(256).min(1, "is required") }),
  async handle(deps, caller, { body }) {
    const decision = await redeemLicense(deps, caller, body.licenseKey);
    if (!decision.ok) return decision;
    const { license } = decision;
    const key = deps.vault.open("license-key", license.keySealed);
    return { license: licenseItem(license, key, { now: deps.now(), seesOwners: true }) };
  },
});

export const dashboardLicenses = [
  listOfOrg,
  listAll,
  create,
  get,
  patch,
  revoke,
  unrevoke,
  reset("hwid"),
  reset("ip"),
  redeem,
];
