import * as z from "zod";
import {
  type LicenseBinding,
  type LicenseSession,
  listBindings,
  listSessions,
} from "../../operations/licenses/list-sessions.ts";
import { revokeSessions } from "../../operations/licenses/revoke-sessions.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { iso, isoOrNull } from "./fields.ts";
import { pageOf, pagination, paging } from "./paging.ts";
import { licensePath as whose } from "./whose.ts";

const LICENSE = "/v1/dashboard/licenses/:licenseId";

export const getBindings = dashboardRoute({
  method: "GET",
  path: `${LICENSE}/bindings`,
  ability: "license.read",
  whose,
  query: z.object({
    type: z.enum(["HWID", "IP"], "must be HWID or IP").optional(),
    ...paging(),
  }),
  async handle(deps, { principal }, { ids, query }) {
    const listed = await listBindings(deps, principal, ids);
    if (!listed.ok) return listed;
    const meant = listed.bindings.filter(({ type }) => type === (query.type ?? type));
    return {
      bindings: pageOf(meant, query).map(bindingItem),
      ...pagination({ ...query, total: meant.length }),
    };
  },
});

export const getSessions = dashboardRoute({
  method: "GET",
  path: `${LICENSE}/sessions`,
  ability: "license.read",
  whose,
  query: z.object(paging()),
  async handle(deps, { principal }, { ids, query }) {
    const listed = await listSessions(deps, principal, ids);
    if (!listed.ok) return listed;
    const { sessions } = listed;
    return {
      sessions: pageOf(sessions, query).map(sessionItem),
      ...pagination({ ...query, total: sessions.length }),
    };
  },
});

/** `:session` is its row, or what the app calls it. */
export const revokeSession = dashboardRoute({
  method: "POST",
  path: `${LICENSE}/sessions/:session/revoke`,
  names: ["session"],
  ability: "license.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const ended = await revokeSessions(deps, principal, ids);
    return ended.ok ? { revoked: ended.revoked } : ended;
  },
});

export const revokeAllSessions = dashboardRoute({
  method: "POST",
  path: `${LICENSE}/sessions/revoke-all`,
  ability: "license.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const ended = await revokeSessions(deps, principal, ids);
    return ended.ok ? { revoked: ended.revoked } : ended;
  },
});

const bindingItem = (one: LicenseBinding) => ({
  type: one.type,
  valueHash: one.valueHash,
  region: one.region,
  firstSeenAt: iso(one.firstSeenAt),
  lastSeenAt: iso(one.lastSeenAt),
  revokedAt: isoOrNull(one.revokedAt),
});

const sessionItem = (one: LicenseSession) => ({
  id: one.id,
  sessionId: one.sessionId,
  licenseId: one.licenseId,
  deviceId: one.deviceId,
  ip: one.ip,
  hwidHash: one.hwidHash,
  startedAt: iso(one.startedAt),
  lastSeenAt: iso(one.lastSeenAt),
  revokedAt: isoOrNull(one.revokedAt),
});
