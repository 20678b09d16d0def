import { inviteTerm, isOpenInvite } from "../../functions/src/core/invites.ts";
import { mayManage, ownersAfter } from "../../functions/src/core/members.ts";
import { ABILITIES, hasAbility, ROLES } from "../../functions/src/core/roles.ts";
import { MOST_SESSIONS, sessionsBeside } from "../../functions/src/core/users.ts";

test("whoever has a higher role may do all that a lower one may", () => {
  for (const ability of ABILITIES) {
    const may = ROLES.map((role) => hasAbility(role, ability));
    expect([ability, may]).toEqual([ability, [...may].sort()]);
    expect(hasAbility("OWNER", ability)).toBe(true);
  }
});

test.each([
  ["VIEWER", /\.read$|^member\.leave$/],
  ["DEV", /^(?:license|variable|version|file|blacklist)\.(?:change|delete)$/],
  [
    "ADMIN",
    /^(?:api-key|webhook|product|member|invite|plan)\.change$|\.(?:import|export|delete-many|ban|update)$/,
  ],
  ["OWNER", /^(?:org\.delete|product\.delete|ownership\.transfer)$/],
] as const)("what begins with %s is what the table of the reference says", (role, abilities) => {
  const below = ROLES[ROLES.indexOf(role) - 1];
  const begin = ABILITIES.filter(
    (ability) => hasAbility(role, ability) && !(below && hasAbility(below, ability)),
  );
  expect(begin).toEqual(ABILITIES.filter((ability) => abilities.test(ability)));
});

test.each([
  [1, null, "OWNER", 2],
  [0, null, "OWNER", 1],
  [1, null, "ADMIN", 1],
  [2, "OWNER", "ADMIN", 1],
  [2, "OWNER", null, 1],
  [1, "OWNER", "OWNER", 1],
  [1, "ADMIN", null, 1],
] as const)("of %i owners, %s to %s leaves %i", (owners, from, to, left) => {
  expect(ownersAfter(owners, { from, to })).toEqual({ ok: true, owners: left });
});

test.each([["ADMIN"], [null]] as const)("the last owner does not become %s", (to) => {
  expect(ownersAfter(1, { from: "OWNER", to })).toEqual({ ok: false, code: "LAST_OWNER" });
});

test("what touches an OWNER is for owners, the rest for whoever may change members", () => {
  for (const actor of ROLES) {
    for (const from of [null, ...ROLES]) {
      for (const to of [null, ...ROLES]) {
        const least = from === "OWNER" || to === "OWNER" ? "OWNER" : "ADMIN";
        const may = ROLES.indexOf(actor) >= ROLES.indexOf(least);
        expect([actor, from, to, mayManage(actor, { from, to })]).toEqual([actor, from, to, may]);
      }
    }
  }
});

test("an invite is open for seven days, and while it is pending", () => {
  const week = 7 * 86_400_000;
  const { expiresAt, expireAt } = inviteTerm(1_000);
  expect([expiresAt, expireAt]).toEqual([1_000 + week, 1_000 + week + 30 * 86_400_000]);
  expect(isOpenInvite({ status: "PENDING", expiresAt }, expiresAt - 1)).toBe(true);
  expect(isOpenInvite({ status: "PENDING", expiresAt }, expiresAt)).toBe(false);
  for (const status of ["ACCEPTED", "REVOKED"] as const) {
    expect(isOpenInvite({ status, expiresAt }, 1_000)).toBe(false);
  }
});

test("a new login ends the oldest when there are too many", () => {
  const few = ["a", "b"];
  expect(sessionsBeside(few)).toEqual({ kept: few, dropped: [] });
  const full = Array.from({ length: MOST_SESSIONS }, (_, index) => String(index));
  expect(sessionsBeside(full)).toEqual({ kept: full.slice(1), dropped: ["0"] });
  expect(sessionsBeside([...full, "x"])).toEqual({
    kept: [...full.slice(2), "x"],
    dropped: ["0", "1"],
  });
});
