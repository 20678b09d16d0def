import { type EndUser, foldedNames } from "../../functions/src/core/end-users.ts";
import { endUsers } from "../../functions/src/store/collections.ts";
import { NOW, type World } from "./world.ts";

/** An end user of an account, without licenses. */
export async function putEndUser(
  world: Pick<World, "store">,
  changes: Partial<EndUser> = {},
): Promise<EndUser> {
  const record = {
    id: "e1e10000-0000-4000-8000-000000000001",
    accountId: "default",
    email: "ann@example.com",
    username: "ann",
    passwordHash: null,
    bannedAt: null,
    tokenGeneration: 0,
    blockedTokens: [],
    licenseCounts: {},
    productIds: [],
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
  const endUser = { ...record, folded: foldedNames(record) };
  await world.store.commit([{ kind: "create", collection: endUsers, record: endUser }]);
  return endUser;
}
