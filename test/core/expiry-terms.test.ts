import { type AskedExpiry, expiryTerms } from "../../functions/src/core/expiry-terms.ts";
import { license, NOW } from "../support/records.ts";

const fixed = license({ expiresAt: NOW });
const days = license({ expiresAfterDays: 30 });
const both = license({ expiresAt: NOW, fixedExpiresAt: NOW, expiresAfterDays: 30 });

test.each<[string, AskedExpiry, Parameters<typeof expiryTerms>[1], unknown]>([
  ["nothing asked of nothing", {}, null, [null, null]],
  ["nothing asked of both", {}, both, [NOW, 30]],
  ["days beside a date", { expiresAfterDays: 7 }, fixed, [NOW, 7]],
  ["a date beside days", { expiresAt: NOW }, days, [NOW, 30]],
  ["a date taken away", { expiresAt: null }, both, [null, 30]],
  ["never of both", { mode: "never" }, both, [null, null]],
  ["fixed of both", { mode: "fixed" }, both, [NOW, null]],
  ["after activation of both", { mode: "afterActivation" }, both, [null, 30]],
  ["both with what is missing", { mode: "both", expiresAfterDays: 7 }, fixed, [NOW, 7]],
  [
    "fixed with days unsaid",
    { mode: "fixed", expiresAt: NOW, expiresAfterDays: null },
    null,
    [NOW, null],
  ],
  ["fixed without a date", { mode: "fixed" }, days, "expiresAt"],
  ["fixed with a date taken away", { mode: "fixed", expiresAt: null }, fixed, "expiresAt"],
  ["both without days", { mode: "both" }, fixed, "expiresAfterDays"],
  ["never with days", { mode: "never", expiresAfterDays: 1 }, null, "expiresAfterDays"],
  ["after activation with a date", { mode: "afterActivation", expiresAt: NOW }, days, "expiresAt"],
])("%s", (_, asked, held, wanted) => {
  const decision = expiryTerms(asked, held);
  expect(
    decision.ok
      ? [decision.terms.fixedExpiresAt, decision.terms.expiresAfterDays]
      : decision.code === "EXPIRY_CONTRADICTORY" && decision.field,
  ).toEqual(wanted);
});
