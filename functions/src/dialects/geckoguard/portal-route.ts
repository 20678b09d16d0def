import type * as z from "zod";
import type { Asked, Route } from "../../http/router.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import { authenticateEndUser, type EndUserCaller } from "../../operations/portal/tokens.ts";
import { answered } from "./answered.ts";
import { admitBearer } from "./dashboard-route.ts";
import {
  type Contract,
  type Input,
  type NoFields,
  type Outcome,
  routeFor,
} from "./define-route.ts";
import { geckoguardSurface } from "./surface.ts";

/** An end user, asking at the portal of the organization. */
export type PortalCaller = EndUserCaller & { readonly asked: Asked };

/** A route for end-user tokens. */
export function portalRoute<
  const Path extends string,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  spec: Contract<Path, Query, Body> & {
    readonly handle: (
      deps: Deps,
      caller: PortalCaller,
      input: Input<Path, Query, Body>,
    ) => Promise<Outcome>;
  },
): Route {
  return routeFor(spec, asEndUser);
}

/** Counts the request where it comes from, and answers it once as the end user who sent it. */
export async function asEndUser(
  deps: Deps,
  asked: Asked,
  run: (deps: Deps, caller: PortalCaller) => Promise<Answer>,
): Promise<Answer> {
  const found = await admitBearer(deps, asked, authenticateEndUser);
  if (!found.ok) return geckoguardSurface.refusal(found);
  const { caller } = found;
  return answered(deps, asked, caller.endUser.id, (inner) => run(inner, { ...caller, asked }));
}
