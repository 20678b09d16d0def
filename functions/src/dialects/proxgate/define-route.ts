import type * as z from "zod";
import type { ProxgateScope } from "../../core/api-keys.ts";
import type { Refusal } from "../../core/decision.ts";
import { Problem } from "../../http/problem.ts";
import { rateHeaders } from "../../http/rate-headers.ts";
import { jsonFields, parseFields } from "../../http/request.ts";
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
      const outcome = await handle(deps, principal, parseFields(input, fields));
      return isRefusal(outcome)
        ? surface.refusal(outcome)
        : { status: 200, body: { success: true, ...outcome } };
    },
  };
}

const isRefusal = (outcome: Outcome): outcome is Refusal => outcome["ok"] === false;
