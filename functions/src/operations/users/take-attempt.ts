import { derivedId } from "../../crypto/vault.ts";
import type { Deps } from "../deps.ts";
import type { Taken } from "../rate-budgets/take-request.ts";
import { emailHashOf } from "./emails.ts";

/**
 * Counts one call of a route that takes passwords or sends mails, for where it comes from and whom it is about. Its
 * `budget` is the one that has less left.
 */
export async function takeAttempt(
  deps: Pick<Deps, "store" | "rateBudgets" | "settings" | "caller" | "vault">,
  { route, email }: { readonly route: string; readonly email?: string | undefined },
): Promise<Taken> {
  const { authPerAddress, authPerEmail } = deps.settings.dashboard;
  const take = (owner: string, perMinute: number) =>
    deps.rateBudgets.take(deps.store, { id: derivedId("auth", route, owner), perMinute });
  const taken = await take(`address ${deps.caller.network}`, authPerAddress);
  if (!taken.ok || email === undefined) return taken;
  const ofEmail = await take(`email ${emailHashOf(deps.vault, email)}`, authPerEmail);
  const budgets = [taken.budget, ofEmail.budget].filter((budget) => budget !== undefined);
  const [tightest] = budgets.toSorted((one, other) => one.remaining - other.remaining);
  return tightest ? { ...ofEmail, budget: tightest } : ofEmail;
}
