import * as z from "zod";
import { domainFingerprint, normaliseDomain } from "../../core/domains.ts";
import { MOST_HEALTH_BYTES, type Site, type SiteAction, siteIdentity } from "../../core/sites.ts";
import { iso, isoOrNull } from "../../http/instants.ts";
import { siteHeartbeat } from "../../operations/sites/heartbeat.ts";
import { registerSite } from "../../operations/sites/register-site.ts";
import { takeActions } from "../../operations/sites/take-actions.ts";
import { defineRoute } from "./define-route.ts";
import { licenseKey, optional, optionalText, requiredText, text } from "./fields.ts";
import { licenseItem, licenseStatus } from "./records.ts";

const NEXT_HEARTBEAT_SECONDS = 3_600;

const siteUrl = requiredText(2_048).transform((url, context) => {
  const identity = siteIdentity(url);
  const domain = normaliseDomain(url);
  if (identity !== undefined && domain !== undefined) return { url, identity, domain };
  context.addIssue({ code: "custom", message: "must be an absolute http or https URL" });
  return z.NEVER;
});
const versions = {
  wp_version: optionalText(64),
  php_version: optionalText(64),
  plugin_version: optionalText(64),
};

export const register = defineRoute({
  path: "/api/v1/wordpress/register",
  scope: "wordpress:write",
  input: z.object({
    site_url: siteUrl,
    site_name: optionalText(255),
    // WordPress takes more addresses than Zod does, and nothing is sent to this one.
    admin_email: optional(text(254).regex(z.regexes.unicodeEmail, "must be an e-mail address")),
    ...versions,
    license_key: optional(licenseKey),
  }),
  async handle(deps, principal, { site_url, license_key: key, ...input }) {
    const { url, identity, domain } = site_url;
    const { address } = deps.caller;
    const machine = { fingerprint: domainFingerprint(domain), domain, address };
    const decision = await registerSite(deps, principal, {
      siteUrl: url,
      identity,
      siteName: input.site_name,
      adminEmail: input.admin_email,
      wpVersion: input.wp_version,
      phpVersion: input.php_version,
      pluginVersion: input.plugin_version,
      license: key ? { key, machine } : undefined,
    });
    if (!decision.ok) return decision;
    const { site, token, license } = decision;
    return {
      message: "Site registered",
      site_token: token,
      site: {
        id: site.id,
        site_url: site.siteUrl,
        site_name: site.siteName,
        status: statusOf(site),
        registered_at: iso(site.registeredAt),
        last_heartbeat_at: isoOrNull(site.lastHeartbeatAt),
      },
      license: license && key ? await licenseItem(deps, license, key) : null,
    };
  },
});

const siteToken = requiredText(256);
/** What PHP makes of an empty array. */
const isEmptyList = (given: unknown) => Array.isArray(given) && given.length === 0;
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

export const heartbeat = defineRoute({
  path: "/api/v1/wordpress/heartbeat",
  scope: "wordpress:write",
  input: z.object({
    site_token: siteToken,
    ...versions,
    health_data: optional(
      z.preprocess(
        (given) => (isEmptyList(given) ? {} : given),
        z
          .record(z.string(), z.unknown(), "must be an object")
          .refine(
            (given) => bytesOf(given) <= MOST_HEALTH_BYTES,
            `must be at most ${MOST_HEALTH_BYTES} bytes of JSON`,
          ),
      ),
    ),
  }),
  async handle(deps, principal, input) {
    const decision = await siteHeartbeat(deps, principal, {
      siteToken: input.site_token,
      wpVersion: input.wp_version,
      phpVersion: input.php_version,
      pluginVersion: input.plugin_version,
      healthData: input.health_data && JSON.stringify(input.health_data),
    });
    if (!decision.ok) return decision;
    const { site, license, waiting } = decision;
    const status = license && licenseStatus(license, deps.now());
    return {
      message: "Heartbeat received",
      site: {
        id: site.id,
        status: statusOf(site),
        last_heartbeat_at: isoOrNull(site.lastHeartbeatAt),
      },
      license: license
        ? { status, valid: status === "ACTIVE", expires_at: isoOrNull(license.expiresAt) }
        : null,
      has_pending_actions: waiting > 0,
      pending_actions_count: waiting,
      next_heartbeat_in: NEXT_HEARTBEAT_SECONDS,
      server_time: iso(deps.now()),
    };
  },
});

const MOST_NAMED = 200;

export const pendingActions = defineRoute({
  path: "/api/v1/wordpress/pending-actions",
  scope: "wordpress:write",
  input: z.object({
    site_token: siteToken,
    acknowledge: optional(
      z.union(
        [z.boolean(), z.array(z.string().max(64)).max(MOST_NAMED)],
        `must be true, false or a list of at most ${MOST_NAMED} ids`,
      ),
    ),
  }),
  async handle(deps, principal, { site_token, acknowledge = true }) {
    const whole = acknowledge === true ? "all" : acknowledge === false ? "none" : acknowledge;
    const decision = await takeActions(deps, principal, {
      siteToken: site_token,
      acknowledge: whole,
    });
    if (!decision.ok) return decision;
    return { actions: decision.actions.map(actionItem), count: decision.actions.length };
  },
});

const statusOf = ({ status }: Site) => (status === "active" ? "ACTIVE" : "REVOKED");

const actionItem = (action: SiteAction) => ({
  id: action.id,
  type: action.type,
  payload: JSON.parse(action.payload) as unknown,
  created_at: iso(action.createdAt),
  acknowledged_at: isoOrNull(action.acknowledgedAt),
});
