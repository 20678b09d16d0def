import { licenseOf } from "./change-license.ts";
import { as, dataOf, org, type Person, person } from "./dashboard.ts";
import { geckoKey, type Owner } from "./geckoguard.ts";
import { geckoLicense } from "./geckoguard-signed.ts";
import type { Json, World } from "./world.ts";

/** An organization with a product, a key of it, and who owns it. */
export type Shop = {
  readonly boss: Person;
  readonly orgId: string;
  readonly owner: Owner;
  readonly productId: string;
};

export async function openShop(
  world: World,
  { boss, orgId, handle = "prod_gecko" }: Partial<Shop> & { handle?: string } = {},
): Promise<Shop> {
  const who = boss ?? (await person(world));
  const creatorId = orgId ?? (await org(world, who));
  const owner = await geckoKey(world, handle, { creatorId });
  return { boss: who, orgId: creatorId, owner, productId: owner.productId };
}

/** A license of the shop's product. */
export async function shopLicense(world: World, handle = "prod_gecko") {
  const licenseKey = await geckoLicense(world, {}, handle);
  return { licenseKey, licenseId: (await licenseOf(world, licenseKey)).id };
}

/** What the one call made, under that name. */
export async function made(
  world: World,
  who: Person,
  route: string,
  { name, body }: { readonly name: string; readonly body: Json },
): Promise<Json> {
  const reply = await as(world, who, route, { body });
  if (reply.status >= 300) throw new Error(JSON.stringify(reply.body));
  return dataOf(reply)[name] as Json;
}
