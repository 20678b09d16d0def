import * as z from "zod";
import { actionState, lapsesAt, MOST_PAYLOAD_BYTES } from "../../core/site-actions.ts";
import type { SiteAction } from "../../core/sites.ts";
import type { ListedSite } from "../../operations/sites/list-sites.ts";
import { instantOrNone, iso, isoInstant, isoOrNull, licenseKey, pastInstant } from "../fields.ts";

export const SITE_ID = "f2a1c9d4-5b6e-8f70-9a1b-2c3d4e5f6a7b";

export const siteId = z.uuid("must be an id of listSites").meta({ example: SITE_ID });

/** Names one site, or those of a license or product. */
export const siteTarget = {
  siteId: siteId.optional(),
  licenseKey: licenseKey
    .optional()
    .meta({ description: "Every site of this license.", example: undefined }),
};

/** Whether one of the three is given, and no other. */
export function oneTarget(
  value: Readonly<Partial<Record<"siteId" | "licenseKey" | "productId", unknown>>>,
): boolean {
  return [value.siteId, value.licenseKey, value.productId].filter(Boolean).length === 1;
}
export const ONE_TARGET = {
  message: "siteId, licenseKey and productId: send exactly one",
  path: ["siteId"],
};

export const actionType = z
  .string("must be a string")
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "must be capitals, digits and _, at most 64")
  .meta({
    description: "The plugin's to understand; see docs/dialects/proxgate.md.",
    example: "SHOW_NOTICE",
  });

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

export const payload = z
  .record(z.string(), z.unknown(), "must be an object")
  .refine(
    (value) => bytesOf(value) <= MOST_PAYLOAD_BYTES,
    `must be at most ${MOST_PAYLOAD_BYTES} bytes of JSON`,
  )
  .meta({ example: { level: "info", text: "Version 2 is out." } });

const version = z.string().nullable().meta({ example: "6.4" });
const listed = {
  id: siteId,
  siteUrl: z.string().meta({ example: "https://example.com" }),
  siteName: z.string().nullable().meta({ example: "My WordPress Site" }),
  status: z
    .enum(["active", "revoked"])
    .meta({ description: "A revoked site has no token and gets none.", example: "active" }),
  licenseId: z.uuid().nullable().meta({ example: null }),
  productId: z.string().nullable().meta({ description: "Its license's.", example: null }),
  wpVersion: version,
  phpVersion: z.string().nullable().meta({ example: "8.2" }),
  pluginVersion: z.string().nullable().meta({ example: "1.0.0" }),
  registeredAt: pastInstant,
  lastHeartbeatAt: instantOrNone,
  pendingActions: z.int().meta({ description: "How many wait for it.", example: 0 }),
};

export const siteShape = z.object(listed).meta({ id: "Site" });

export const siteRecord = ({ site, pendingActions }: ListedSite): z.input<typeof siteShape> => ({
  id: site.id,
  siteUrl: site.siteUrl,
  siteName: site.siteName,
  status: site.status,
  licenseId: site.licenseId,
  productId: site.productHandle,
  wpVersion: site.wpVersion,
  phpVersion: site.phpVersion,
  pluginVersion: site.pluginVersion,
  registeredAt: iso(site.registeredAt),
  lastHeartbeatAt: isoOrNull(site.lastHeartbeatAt),
  pendingActions,
});

export const actionShape = z
  .object({
    id: z.uuid().meta({ example: "0b8f6a52-4c3d-4e2f-8a1b-9c0d1e2f3a4b" }),
    siteId,
    type: z.string().meta({ example: "SHOW_NOTICE" }),
    payload: z.record(z.string(), z.unknown()).meta({ example: { level: "info" } }),
    createdAt: pastInstant,
    expiresAt: isoInstant.meta({ description: "When it lapses, unless it was acknowledged." }),
    acknowledgedAt: instantOrNone,
    state: z.enum(["waiting", "acknowledged", "lapsed"]).meta({ example: "waiting" }),
  })
  .meta({ id: "PendingAction" });

export const actionRecord = (
  action: SiteAction,
  siteId: string,
  now: number,
): z.input<typeof actionShape> => ({
  id: action.id,
  siteId,
  type: action.type,
  payload: JSON.parse(action.payload) as Record<string, unknown>,
  createdAt: iso(action.createdAt),
  expiresAt: iso(lapsesAt(action)),
  acknowledgedAt: isoOrNull(action.acknowledgedAt),
  state: actionState(action, now),
});

export const siteDetailShape = z
  .object({
    ...listed,
    adminEmail: z.string().nullable().meta({ example: "admin@example.com" }),
    healthData: z.record(z.string(), z.unknown()).nullable().meta({
      description: "As the site sent it last.",
      example: null,
    }),
    healthAt: instantOrNone,
    actions: z.array(actionShape).meta({
      description: "Those that wait, and the last 20 that do not any more, oldest first.",
      example: [],
    }),
  })
  .meta({ id: "SiteDetail" });
