import { type AppVersion, checkUpdate, type UpdateCheck } from "../../core/app-versions.ts";
import { appReleases, appVersions } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { appVersionId } from "./find-version.ts";

export type UpdateAnswer = UpdateCheck & {
  /** What a client is to have; `undefined` where the product says of none. */
  readonly current: AppVersion | undefined;
};

/** What a client of that version is told. Three reads, however many versions there are. */
export async function checkForUpdate(
  { store }: Pick<Deps, "store">,
  ask: {
    readonly productId: string;
    readonly version: string;
    readonly fileHashes?: Readonly<Record<string, string>> | undefined;
  },
): Promise<UpdateAnswer> {
  const { productId, version, fileHashes } = ask;
  const [release, own] = await Promise.all([
    store.get(appReleases, productId),
    store.get(appVersions, appVersionId(productId, version)),
  ]);
  const current = await currentOf(store, release?.currentId ?? null, own);
  const client = { version, fileHashes };
  return { ...checkUpdate({ release, current, own, client }), current };
}

async function currentOf(store: Reader, id: string | null, own: AppVersion | undefined) {
  if (id === null) return undefined;
  return id === own?.id ? own : store.get(appVersions, id);
}
