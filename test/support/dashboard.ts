import type { Role } from "../../functions/src/core/roles.ts";
import { mails } from "../../functions/src/store/collections.ts";
import { geckoCall, openGecko } from "./geckoguard.ts";
import type { CallOptions, Json, Reply, World } from "./world.ts";

export const PASSWORD = "correct horse battery";

/** Somebody who is logged in. */
export type Person = {
  readonly email: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
};

type Ask = CallOptions & { readonly body?: unknown };

/** A call as `GET /v1/dashboard/me`, by that person if there is one. */
export function as(world: World, person: Person | undefined, route: string, ask: Ask = {}) {
  const bearer: Record<string, string> = person
    ? { authorization: `Bearer ${person.accessToken}` }
    : {};
  return geckoCall(world, route, undefined, { ...ask, headers: { ...bearer, ...ask.headers } });
}

/** `POST /v1/auth/<name>`. */
export const auth = (world: World, name: string, body: unknown, ask: Ask = {}): Promise<Reply> =>
  geckoCall(world, `POST /v1/auth/${name}`, undefined, { body, ...ask });

export const dataOf = ({ body }: Reply) => body["data"] as Json;
export const errorOf = ({ body }: Reply) => body["error"] as Json;

export const personOf = (reply: Reply): Person => {
  const { user, tokens } = dataOf(reply) as Record<string, Record<string, string>>;
  return {
    email: user?.["email"] ?? "",
    userId: user?.["id"] ?? "",
    accessToken: tokens?.["accessToken"] ?? "",
    refreshToken: tokens?.["refreshToken"] ?? "",
  };
};

/** Registers somebody, where addresses are taken on trust. */
export async function person(world: World, email = "you@example.com"): Promise<Person> {
  const made = await auth(world, "register", { email, password: PASSWORD, name: "You" });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return personOf(made);
}

/** An organization of that person's, its id. */
export async function org(world: World, owner: Person, name = "My Company"): Promise<string> {
  const made = await as(world, owner, "POST /v1/dashboard/orgs", { body: { name } });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return String((dataOf(made)["org"] as Json)["id"]);
}

/** Somebody new in an account made on the dashboard. */
export async function member(world: World, orgId: string, role: Role): Promise<Person> {
  const email = `${role.toLowerCase()}-${orgId.slice(0, 8)}@example.com`;
  const made = await person(world, email);
  await world.admin("addMember", { creatorId: orgId, email, role });
  return made;
}

/** Somebody new in an organization, with an address of that name. */
export async function colleague(world: World, orgId: string, role: Role, name: string) {
  const made = await person(world, `${name}@example.com`);
  await world.admin("addMember", { creatorId: orgId, email: made.email, role });
  return made;
}

/** The invite tokens that were mailed to an address, the last one first. */
export async function inviteTokens(world: World, email: string): Promise<string[]> {
  const { items } = await world.store.query(mails, "due", { limit: 100 });
  const sent = items.filter(({ to, kind }) => to === email && kind === "invite");
  sent.sort((one, other) => other.createdAt - one.createdAt);
  return sent.map(({ message }) => /ggi_[\w-]{64}/.exec(message.text)?.[0] ?? "");
}

export { openGecko };
