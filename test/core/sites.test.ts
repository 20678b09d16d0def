import fc from "fast-check";
import type { License } from "../../functions/src/core/records.ts";
import {
  acknowledge,
  actionState,
  MOST_WAITING,
  queueAction,
  waitingActions,
} from "../../functions/src/core/site-actions.ts";
import {
  registered,
  type Site,
  type SiteAction,
  siteIdentity,
  untoldChange,
  withSiteStatus,
} from "../../functions/src/core/sites.ts";
import { standingChangeAfter, standingChangeOf } from "../../functions/src/core/standing.ts";
import { DAY, HOUR, license, NOW, site, siteAction } from "../support/records.ts";

test.each([
  ["https://example.com", "example.com"],
  ["HTTP://EXAMPLE.com/", "example.com"],
  ["https://example.com/Blog//", "example.com/Blog"],
  ["https://example.com:443/blog?a=1#b", "example.com/blog"],
  ["https://example.com:8443", "example.com:8443"],
  ["http://[::1]:80/", "[::1]"],
  ["https://münchen.example", "xn--mnchen-3ya.example"],
])("%s is the site %s", (url, identity) => expect(siteIdentity(url)).toBe(identity));

test.each([
  "example.com",
  "ftp://example.com",
  "https://",
  "https:///path",
  "https:example.com",
  "https://user:secret@example.com",
  "https://exa mple.com",
  "javascript:alert(1)",
])("%s is no site", (url) => expect(siteIdentity(url)).toBeUndefined());

const EDGE = NOW + 30 * DAY;

test.each<[string, Partial<SiteAction>, number, string]>([
  ["fresh", {}, NOW, "waiting"],
  ["to its last millisecond", {}, EDGE - 1, "waiting"],
  ["30 days old", {}, EDGE, "lapsed"],
  ["acknowledged", { acknowledgedAt: NOW }, NOW, "acknowledged"],
  ["acknowledged long ago", { acknowledgedAt: NOW }, EDGE, "acknowledged"],
])("an action is, %s", (_, changes, now, state) =>
  expect(actionState(siteAction(changes), now)).toBe(state),
);

const uuid = (n: number) => `0b8f6a52-4c3d-4e2f-8a1b-${String(n).padStart(12, "0")}`;
const many = (count: number, changes: Partial<SiteAction> = {}) =>
  Array.from({ length: count }, (_, n) =>
    siteAction({ id: uuid(n), payload: `{"n":${n}}`, ...changes }),
  );

test("an action that waits already is not queued again; once acknowledged it is", () => {
  const waits = site({ actions: [siteAction()] });
  const again = siteAction({ id: uuid(7), createdAt: NOW + 1 });
  expect(queueAction(waits, again)).toEqual({ ok: true, site: waits, action: siteAction() });
  const { site: told } = acknowledge(waits, { refresh: undefined, now: NOW });
  const queued = queueAction(told, again);
  expect(queued.ok && queued.action).toEqual(again);
  const other = { ...again, payload: '{"a":1}' };
  expect(queueAction(waits, other)).toMatchObject({ ok: true, action: other });
});

test("of equal actions with others between them the last stays, so that the last word is the vendor's", () => {
  const words = [
    "DISABLE_PLUGIN",
    "ENABLE_PLUGIN",
    "DISABLE_PLUGIN",
    "ENABLE_PLUGIN",
    "RE_REGISTER",
  ];
  let last = site({ actions: [] });
  const left = words.map((type, n) => {
    const queued = queueAction(last, siteAction({ id: uuid(n), type, createdAt: NOW }));
    if (queued.ok) last = queued.site;
    return last.actions.map(({ id }) => Number(id.slice(-1)));
  });
  expect(left).toEqual([[0], [0, 1], [1, 2], [2, 3], [2, 3, 4]]);
  const full = site({ actions: many(MOST_WAITING) });
  const again = queueAction(full, { ...(full.actions[0] as SiteAction), id: uuid(500) });
  expect(again).toMatchObject({ ok: true, action: { id: uuid(500) } });
  expect(again.ok && again.site.actions).toHaveLength(MOST_WAITING);
});

test("the 101st waiting action is refused, until one lapses", () => {
  const full = site({ actions: many(MOST_WAITING) });
  const one = siteAction({ id: uuid(500), type: "ENABLE_PLUGIN" });
  expect(queueAction(full, one)).toMatchObject({ ok: false, code: "SITE_ACTIONS_TOO_MANY" });
  const later = queueAction(full, { ...one, createdAt: EDGE });
  expect(later.ok && waitingActions(later.site, undefined, EDGE)).toHaveLength(1);
});

const action = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom("SHOW_NOTICE", "ENABLE_PLUGIN"),
  payload: fc.constantFrom("{}", '{"a":1}'),
  createdAt: fc.integer({ min: NOW - 40 * DAY, max: NOW }),
  acknowledgedAt: fc.option(fc.constant(NOW)),
});
const sites = fc
  .uniqueArray(action, { maxLength: 60, selector: ({ id }) => id })
  .map((actions) => site({ actions }));

test("whatever was queued, acknowledging hands out what waits, once, oldest first, and bounds what is kept", () => {
  fc.assert(
    fc.property(sites, fc.option(action), (given, derived) => {
      const refresh = derived ? { ...derived, acknowledgedAt: null } : undefined;
      const waiting = waitingActions(given, refresh, NOW);
      const taken = acknowledge(given, { refresh, now: NOW });
      expect(taken.actions.map(({ id }) => id)).toEqual(waiting.map(({ id }) => id));
      const instants = taken.actions.map(({ createdAt }) => createdAt);
      expect(instants).toEqual(instants.toSorted((a, b) => a - b));
      expect(waitingActions(taken.site, undefined, NOW)).toEqual([]);
      if (taken.actions.length > 0) expect(taken.site.actions.length).toBeLessThanOrEqual(20);
      else expect(taken.site).toBe(given);
    }),
  );
});

test("naming actions acknowledges those of them that wait, and leaves the others waiting", () => {
  fc.assert(
    fc.property(sites, fc.array(fc.nat(80)), (given, picks) => {
      const named = picks.flatMap((n) => given.actions[n]?.id ?? "unknown");
      const waiting = waitingActions(given, undefined, NOW).map(({ id }) => id);
      const taken = acknowledge(given, { refresh: undefined, ids: named, now: NOW });
      const left = waitingActions(taken.site, undefined, NOW).map(({ id }) => id);
      expect(taken.actions.map(({ id }) => id)).toEqual(waiting.filter((id) => named.includes(id)));
      expect(left).toEqual(waiting.filter((id) => !named.includes(id)));
    }),
  );
});

test("registering again keeps what it does not say, and the license of a site that names none", () => {
  const who = { id: site().id, accountId: "studio-one", identity: "example.com" };
  const owned = license({ standingChangedAt: NOW - 5 });
  const ask = { siteUrl: "https://example.com", tokenHash: "one" };
  const first = registered(undefined, who, { ...ask, siteName: "Shop" }, owned, NOW);
  expect(first).toMatchObject({ licenseId: owned.id, statusSeenAt: NOW - 5, registeredAt: NOW });
  const beaten: Site = { ...first, lastHeartbeatAt: NOW + 1, actions: [siteAction()] };
  const again = registered(
    beaten,
    who,
    { ...ask, tokenHash: "two", wpVersion: "6.5" },
    undefined,
    NOW + HOUR,
  );
  expect(again).toEqual({
    ...beaten,
    tokenHash: "two",
    wpVersion: "6.5",
    updatedAt: NOW + HOUR,
  });
});

test("revoking ends the token for good", () => {
  const revoked = withSiteStatus(site(), "revoked", NOW);
  expect(revoked).toMatchObject({ status: "revoked", tokenHash: null });
  expect(withSiteStatus(revoked, "active", NOW)).toMatchObject({ tokenHash: null });
  expect(withSiteStatus(revoked, "revoked", NOW + 1)).toBe(revoked);
});

describe("a change of standing", () => {
  const at = (changes: Partial<License>, updatedAt = NOW) => license({ ...changes, updatedAt });
  test.each<[string, License, License, number | null]>([
    ["a revocation", at({}), at({ status: "revoked" }), NOW],
    ["a suspension", at({ status: "degraded" }), at({ status: "suspended" }), NOW],
    ["a reinstatement", at({ status: "revoked" }), at({ status: "active" }), NOW],
    ["one block for another", at({ status: "revoked" }), at({ status: "suspended" }), null],
    ["another variant", at({}), at({ variant: "pro" }), null],
    ["degrading", at({}), at({ status: "degraded" }), null],
    [
      "a second in one millisecond",
      at({ status: "revoked", standingChangedAt: NOW }),
      at({ status: "active" }),
      NOW + 1,
    ],
    [
      "writing down a suspension that was due",
      at({ suspendsAt: NOW - HOUR }),
      at({ status: "suspended", suspendsAt: null }),
      NOW - HOUR,
    ],
    [
      "reinstating before it was written down",
      at({ suspendsAt: NOW - HOUR }),
      at({ suspendsAt: null }),
      NOW,
    ],
  ])("%s", (_, before, after, changedAt) =>
    expect(standingChangeAfter(before, after)).toBe(changedAt),
  );

  test("a new license has had none", () =>
    expect(standingChangeAfter(null, at({ status: "revoked" }))).toBeNull());

  test("a suspension counts from its time, whoever writes it down when", () => {
    const doomed = license({ suspendsAt: NOW + HOUR, standingChangedAt: NOW - DAY });
    expect(standingChangeOf(doomed, NOW + HOUR - 1)).toBe(NOW - DAY);
    expect(standingChangeOf(doomed, NOW + HOUR)).toBe(NOW + HOUR);
  });

  test("is untold until the site was told of it", () => {
    const owned = license({ standingChangedAt: NOW });
    expect(untoldChange(site({ statusSeenAt: NOW - 1 }), owned, NOW)).toBe(NOW);
    expect(untoldChange(site({ statusSeenAt: NOW }), owned, NOW)).toBeUndefined();
    expect(untoldChange(site(), undefined, NOW)).toBeUndefined();
  });
});
