import * as z from "zod";
import { findLicense } from "../../operations/licenses/find-license.ts";
import { listProductLicenses } from "../../operations/licenses/list-product-licenses.ts";
import { requireScope } from "./authenticate.ts";
import { keyRoute } from "./define-route.ts";
import { filterFields } from "./license-fields.ts";
import { licenseItem, standingOf } from "./license-records.ts";
import { LICENSE, LICENSES, seesOwners, shown, view } from "./license-view.ts";
import { pagination, paging } from "./paging.ts";

export const listLicenses = keyRoute({
  method: "GET",
  path: LICENSES,
  scope: "license:read",
  query: z.object({
    ...paging({ max: 1_000 }),
    ...filterFields,
  }),
  async handle(deps, caller, { query: { status, ...query } }) {
    if (query.endUserId !== undefined) requireScope(caller, "end_user:read");
    const { productId, principal } = caller;
    const listed = await listProductLicenses(
      deps,
      { id: productId, accountId: principal.accountId },
      { ...query, standing: status && standingOf[status], seesOwners: seesOwners(caller) },
    );
    const as = view(deps, caller);
    return {
      licenses: listed.found.map(({ license, licenseKey }) => licenseItem(license, licenseKey, as)),
      ...pagination({ ...query, total: listed.total }),
    };
  },
});

export const getLicense = keyRoute({
  method: "GET",
  path: LICENSE,
  scope: "license:read",
  handle: async (deps, caller, { ids }) =>
    shown(deps, caller, await findLicense(deps, caller.principal, ids.licenseId)),
});
