import { accept, type Decision } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import { type CheckInAsk, checkIn } from "./check-in.ts";
import { type IssuedToken, issueToken } from "./tokens.ts";
import { type Usage, usageOf } from "./usage.ts";

export type Validated = { readonly license: License; readonly usage: Usage } & IssuedToken;

/** Checks a machine's token and issues the next, for the product the first was for. */
export async function validate(deps: Deps, ask: CheckInAsk): Promise<Decision<Validated>> {
  const seen = await checkIn(deps, ask, "license.validated");
  if (!seen.ok) return seen;
  const { license, claims } = seen;
  const [token, usage] = await Promise.all([
    issueToken(deps, license, claims),
    usageOf(deps, license),
  ]);
  return accept({ license, usage, ...token });
}
