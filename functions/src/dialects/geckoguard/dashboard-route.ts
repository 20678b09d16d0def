import type * as z from "zod";
import { type Decision, type RefusalCode, refuse } from "../../core/decision.ts";
import type { Ability } from "../../core/roles.ts";
import type { Membership } from "../../core/users.ts";
import type { Asked, Route } from "../../http/router.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import { orgIdOf, reachOrg } from "../../operations/members/reach.ts";
import type { Member } from "../../operations/principal.ts";
import { authenticateUser, type UserCaller } from "../../operations/users/sessions.ts";
import { answered, answeredBefore } from "./answered.ts";
import { unauthorized } from "./authenticate.ts";
import {
  type Contract,
  type Input,
  idsOf,
  type NoFields,
  type Outcome,
  routeFor,
} from "./define-route.ts";
import { limitAddress } from "./limits.ts";
import { geckoguardSurface } from "./surface.ts";
import { productPath } from "./whose.ts";

/** A member of an organization, asking there. */
export type MemberCaller = {
  readonly principal: Member;
  readonly membership: Membership;
  readonly user: UserCaller;
};

/** A route for access tokens. Null is whoever is logged in. */
export type DashboardRoute = Route & { readonly ability: Ability | null };

/** Where the path names no organization: whose account the request is about. */
type Whose<Path extends string, Query extends z.ZodType, Body extends z.ZodType> = {
  readonly find: (deps: Deps, input: Input<Path, Query, Body>) => Promise<string | undefined>;
  /** What is answered where there is none, or one of others. */
  readonly absent: RefusalCode;
};

type Spec<Path extends string, Query extends z.ZodType, Body extends z.ZodType> = Contract<
  Path,
  Query,
  Body
> & {
  readonly ability: Ability;
  readonly handle: (
    deps: Deps,
    caller: MemberCaller,
    input: Input<Path, Query, Body>,
    asked: Asked,
  ) => Promise<Outcome>;
};

/**
 * A route for members who have the ability: at the path's `:orgId`, or at the account that `whose`
 * finds. Of an organization that one is no member of nothing is said; too low a role is told.
 */
export function dashboardRoute<
  const Path extends string,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  spec: Spec<Path, Query, Body> &
    (Path extends `${string}:orgId${string}`
      ? { readonly whose?: never }
      : { readonly whose: Whose<Path, Query, Body> }),
): DashboardRoute {
  const { ability } = spec;
  const whose: Whose<Path, Query, Body> | undefined = spec.whose;
  const reach = (deps: Deps, user: UserCaller, orgId: string) =>
    reachOrg(deps, user.userId, { orgId, ability });
  const handle = async (deps: Deps, at: Arrival, input: Input<Path, Query, Body>) => {
    const { user, here, asked } = at;
    const reached =
      here ?? (await reachWhose(deps, whose, input, (orgId) => reach(deps, user, orgId)));
    return reached.ok ? spec.handle(deps, { ...reached, user }, input, asked) : reached;
  };
  const route = routeFor({ ...spec, handle }, async (deps, asked, run) => {
    const found = await admitUser(deps, asked);
    if (!found.ok) return geckoguardSurface.refusal(found);
    const user = found.caller;
    const { orgId } = asked.parts;
    const here = orgId === undefined ? undefined : await reach(deps, user, idsOf({ orgId }).orgId);
    if (here && !here.ok) {
      // What is repeated may have ended the membership.
      const before = await answeredBefore(deps, asked, user.userId);
      return before ?? geckoguardSurface.refusal(here);
    }
    return answered(deps, asked, user.userId, (inner) => run(inner, { user, here, asked }));
  });
  return { ...route, ability };
}

/** Whoever is logged in, with what the path's organization is to them. */
type Arrival = {
  readonly user: UserCaller;
  readonly here: Reached | undefined;
  readonly asked: Asked;
};

/** Who may do that at a product, for routes that read their body themselves. */
export async function admitMember(
  deps: Deps,
  asked: Asked,
  { ability, productId }: { readonly ability: Ability; readonly productId: string },
): Promise<{ readonly caller: MemberCaller } | Answer> {
  const user = await admitUser(deps, asked);
  if (!user.ok) return geckoguardSurface.refusal(user);
  const { caller } = user;
  const reached = await reachWhose(deps, productPath, { ids: { productId } }, (orgId) =>
    reachOrg(deps, caller.userId, { orgId, ability }),
  );
  return reached.ok ? { caller: { ...reached, user: caller } } : geckoguardSurface.refusal(reached);
}

type Reached = Awaited<ReturnType<typeof reachOrg>>;

async function reachWhose<In>(
  deps: Deps,
  whose:
    | { find: (deps: Deps, input: In) => Promise<string | undefined>; absent: RefusalCode }
    | undefined,
  input: In,
  reach: (orgId: string) => Promise<Reached>,
): Promise<Reached> {
  if (!whose) return refuse("ORG_NOT_FOUND");
  const accountId = await whose.find(deps, input);
  if (accountId === undefined) return refuse(whose.absent);
  const reached = await reach(orgIdOf(accountId));
  return !reached.ok && reached.code === "ORG_NOT_FOUND" ? refuse(whose.absent) : reached;
}

/** A route for whoever is logged in. */
export function userRoute<
  const Path extends string,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  spec: Contract<Path, Query, Body> & {
    readonly handle: (
      deps: Deps,
      caller: UserCaller,
      input: Input<Path, Query, Body>,
    ) => Promise<Outcome>;
  },
): DashboardRoute {
  const route = routeFor(spec, async (deps, asked, run) => {
    const found = await admitUser(deps, asked);
    if (!found.ok) return geckoguardSurface.refusal(found);
    const { caller } = found;
    return answered(deps, asked, caller.userId, (inner) => run(inner, caller));
  });
  return { ...route, ability: null };
}

const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;
const LONGEST = 2_048;

/** The token in the `Authorization` header. Throws `UNAUTHENTICATED` where there is none. */
function bearerIn({ headers }: Asked): string {
  const given = headers.authorization ?? "";
  const token = given.length <= LONGEST ? BEARER.exec(given)?.[1] : undefined;
  if (token === undefined) throw unauthorized("Missing or invalid access token");
  return token;
}

/** Counts the request where it comes from, and finds whose its token is. Throws `UNAUTHENTICATED`. */
export async function admitBearer<Caller>(
  deps: Deps,
  asked: Asked,
  authenticate: (deps: Deps, token: string) => Promise<Decision<{ readonly caller: Caller }>>,
): Promise<Decision<{ readonly caller: Caller }>> {
  await limitAddress(deps, asked);
  const found = await authenticate(deps, bearerIn(asked));
  // What was forged or ended counts against whoever sent it; what ran out does not.
  if (!found.ok && found.code === "TOKEN_INVALID") {
    throw unauthorized("Missing or invalid access token");
  }
  return found;
}

const admitUser = (deps: Deps, asked: Asked) => admitBearer(deps, asked, authenticateUser);
