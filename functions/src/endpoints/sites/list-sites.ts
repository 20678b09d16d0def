import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listSites as list } from "../../operations/sites/list-sites.ts";
import {
  cursor,
  licenseKey,
  listedCreatorId,
  nextCursor,
  pageLimit,
  productId,
} from "../fields.ts";
import { siteRecord, siteShape } from "./records.ts";

export const listSites = defineEndpoint({
  name: "listSites",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "sites:read",
  summary: "List WordPress sites, the last registered first",
  description: "A page reads its sites and their licenses.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND", "LICENSE_NOT_FOUND"],
  input: z
    .strictObject({
      creatorId: listedCreatorId,
      productId: productId
        .optional()
        .meta({ description: "Only the sites of this product.", example: undefined }),
      licenseKey: licenseKey
        .optional()
        .meta({ description: "Only the sites of this license.", example: undefined }),
      limit: pageLimit,
      cursor,
    })
    .refine((value) => value.productId === undefined || value.licenseKey === undefined, {
      message: "send either productId or licenseKey",
      path: ["licenseKey"],
    })
    .meta({
      id: "ListSitesRequest",
      example: { creatorId: "studio-one", limit: 100 },
    }),
  output: z
    .object({ success: z.literal(true), sites: z.array(siteShape), nextCursor })
    .meta({ id: "ListSitesResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    return { success: true as const, sites: items.map(siteRecord), nextCursor: next ?? null };
  },
});
