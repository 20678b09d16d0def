import * as z from "zod";
import { MAX_VERSION_LENGTH } from "../../core/app-versions.ts";
import { checkForUpdate } from "../../operations/app-versions/check-update.ts";
import { bindTo } from "./authenticate.ts";
import { keyRoute } from "./define-route.ts";
import { text, uuid } from "./fields.ts";

export const checkUpdate = keyRoute({
  method: "POST",
  path: "/v1/app-versions/check-update",
  scope: "version:read",
  body: z.object({
    productId: uuid,
    currentVersion: text(MAX_VERSION_LENGTH).min(1, "is required"),
    fileHashes: z.record(text(255), text(255), "must be an object of texts").nullish(),
  }),
  async handle(deps, caller, { body: { productId, currentVersion, fileHashes } }) {
    bindTo(caller, productId);
    const ask = { productId, version: currentVersion, fileHashes: fileHashes ?? undefined };
    const { current, updateAvailable, forceUpdate, integrity } = await checkForUpdate(deps, ask);
    return {
      updateAvailable,
      forceUpdate,
      currentVersion,
      latestVersion: current?.version ?? null,
      changelog: current?.changelog ?? null,
      downloadUrl: current?.downloadUrl ?? null,
      integrity,
    };
  },
});
