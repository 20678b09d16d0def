import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listLicenses as list } from "../../operations/licenses/list-licenses.ts";
import { cursor, nextCursor, pageLimit } from "../fields.ts";
import { licenseFilters } from "./filters.ts";
import { listedRecord, listedShape } from "./records.ts";

export const listLicenses = defineEndpoint({
  name: "listLicenses",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "licenses:read",
  summary: "Licenses, newest first",
  description:
    "A page reads its own licenses. It costs one aggregate query more for each unlimited license on it, as those keep no " +
    "count. Filters beside `email` or `search` are checked license by license, up to 500 a call: such a page may hold " +
    "fewer than `limit`, and the list goes on while `nextCursor` is not null.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      ...licenseFilters,
      limit: pageLimit,
      cursor,
    })
    .meta({ id: "ListLicensesRequest" }),
  output: z
    .object({ success: z.literal(true), licenses: z.array(listedShape), nextCursor })
    .meta({ id: "ListLicensesResponse" }),
  async handle(deps, input, principal) {
    const page = await list(deps, principal, input);
    if (!page.ok) return page;
    const now = deps.now();
    const licenses = page.licenses.map((listed) => listedRecord(listed, now));
    return { success: true as const, licenses, nextCursor: page.nextCursor };
  },
});
