import type * as z from "zod";
import type { ProxgateScope } from "../../core/api-keys.ts";
import type { Refusal } from "../../core/decision.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import { Problem } from "../../http/problem.ts";
import { rateHeaders } from "../../http/rate-headers.ts";
import { type Fields, jsonFields, parseFields } from "../../http/request.ts";
import type { Route } from "../../http/router.ts";
import type { Surface } from "../../http/surface.ts";
import { takePlanned } from "../../operations/accounts/take-planned.ts";
import type { Deps } from "../../operations/deps.ts";
import { type AccountPrincipal, hasScope } from "../../operations/principal.ts";
import { authenticate } from "./authenticate.ts";
import { proxgateSurface } from "./surface.ts";

/** What an answer says besides `success`. */
type Outcome = Readonly<Record<string, unknown>> | Refusal;

/** A POST with an API key. The order of its checks is section 2.5 of the reference. */
export function defineRoute<I extends z.ZodType>(spec: {
  readonly path: string;
  readonly scope: ProxgateScope;
  readonly surface?: Surface;
  readonly input: I;
  readonly handle: (
    deps: Deps,
    principal: AccountPrincipal,
    input: z.output<I>,
  ) => Promise<Outcome>;
}): Route {
  const { path, scope, surface = proxgateSurface, input, handle } = spec;
  return {
    method: "POST",
    path,
    surface,
    body: input,
    async handle(deps, { headers, body, notes }) {
      const fields = jsonFields(body);
      const { principal, use } = await authenticate(deps, headers);
      notes.keyUse(use);
      const taken = await takePlanned(deps, principal.accountId);
      if (taken.budget) notes.headers(rateHeaders(taken.budget));
      if (!taken.ok) return surface.refusal(taken);
      if (!hasScope(principal, scope)) {
        throw new Problem("FORBIDDEN", `The API key lacks the scope ${scope}`);
      }
      const answerTo = (sent: Fields) => handle(deps, principal, parseFields(input, sent));
      const first = await answerTo(fields);
      const capitals = isUnknownKey(first) && inCapitals(fields);
      const outcome = capitals ? await answerTo(capitals) : first;
      return isRefusal(outcome)
        ? surface.refusal(outcome)
        : { status: 200, body: { success: true, ...outcome } };
    },
  };
}

const isUnknownKey = (outcome: Outcome): boolean =>
  isRefusal(outcome) && outcome.code === "LICENSE_NOT_FOUND";

/**
 * The same with the key in capitals, as the reference's keys are; `undefined` where that is the same key. Keys that
 * were imported may have small letters, so what was typed comes first.
 */
function inCapitals(fields: Fields): Fields | undefined {
  const typed = canonicalLicenseKey(String(fields["license_key"]));
  const capitals = typed.replaceAll(/[a-z]+/g, (small) => small.toUpperCase());
  return capitals === typed ? undefined : { ...fields, license_key: capitals };
}

const isRefusal = (outcome: Outcome): outcome is Refusal => outcome["ok"] === false;
