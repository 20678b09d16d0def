import { ownersAfter } from "../../functions/src/core/members.ts";
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
