import { accept, type Decision } from "../../core/decision.ts";
import type { LicenseFilter } from "../../core/license-facets.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import {
  type LicenseFilterAsk,
  type ListedLicense,
  licenseFilter,
  licensePage,
} from "./list-licenses.ts";

const PAGE_SIZE = 500;

/** All licenses of the filter, newest first, read as they are taken. */
export async function exportLicenses(
  deps: Deps,
  principal: Principal,
  ask: LicenseFilterAsk,
): Promise<Decision<{ pages: AsyncIterable<readonly ListedLicense[]> }>> {
  const decision = await licenseFilter(deps, principal, ask);
  return decision.ok ? accept({ pages: pagesOf(deps, decision.filter) }) : decision;
}

async function* pagesOf(deps: Deps, filter: LicenseFilter) {
  let cursor: string | undefined;
  do {
    const page = await licensePage(deps, filter, PAGE_SIZE, cursor);
    yield page.licenses;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
