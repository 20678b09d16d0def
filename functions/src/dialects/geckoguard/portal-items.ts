import { isBound } from "../../core/authorizations.ts";
import type { EndUser } from "../../core/end-users.ts";
import type { Asked } from "../../http/router.ts";
import { orgIdOf } from "../../operations/members/reach.ts";
import type { listDownloads } from "../../operations/portal/downloads.ts";
import type { PortalLogin } from "../../operations/portal/login.ts";
import type { OwnLicense } from "../../operations/portal/own-licenses.ts";
import { iso, isoOrNull } from "./fields.ts";
import { statusOf } from "./license-records.ts";
import { fileItem } from "./product-file-records.ts";

export const endUserItem = ({ id, email, username, createdAt }: EndUser) => ({
  ...{ id, email, username, createdAt: iso(createdAt) },
});

export const loginItem = ({ endUser, token, portal }: PortalLogin) => ({
  endUser: endUserItem(endUser),
  token,
  org: { id: orgIdOf(portal.id), slug: portal.slug, name: portal.name ?? portal.id },
});

/** Without the key: it is for the vendor's mails and shop to show. */
export const ownLicenseItem = ({ license, product, hwidResets }: OwnLicense, now: number) => ({
  licenseId: license.id,
  status: statusOf(license, now),
  expiresAt: isoOrNull(license.expiresAt),
  hwidBound: license.authorization?.hwids.some(isBound) ?? false,
  product: { id: license.productId, name: product?.name ?? license.productHandle },
  hwidResets: {
    used: hwidResets.used,
    max: hwidResets.max,
    nextAllowedAt: isoOrNull(hwidResets.nextAllowedAt),
  },
});

type Offered = Extract<Awaited<ReturnType<typeof listDownloads>>, { ok: true }>["files"][number];

export function downloadItem({ file, link }: Offered, asked: Asked) {
  const query = new URLSearchParams({
    user: link.endUserId,
    expires: String(link.expires),
    signature: link.signature,
  });
  const path = `/v1/product-files/download/${link.fileId}`;
  return { ...fileItem(file), downloadUrl: `${originOf(asked)}${path}?${query}` };
}

/** This server as the sender addressed it; nobody else is told what the sender says of it. */
function originOf({ headers }: Asked): string {
  const { host } = headers;
  if (host === undefined) return "";
  const [scheme] = [headers["x-forwarded-proto"] ?? "http"].flat();
  return `${scheme?.split(",")[0]?.trim() === "https" ? "https" : "http"}://${host}`;
}
