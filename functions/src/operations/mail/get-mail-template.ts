import { accept, type Decision } from "../../core/decision.ts";
import type { MailKind, MailTemplate } from "../../core/mail.ts";
import { owningAccount } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { readMailTemplate } from "./templates.ts";

export type MailTemplateAsk = {
  readonly kind: MailKind;
  readonly creatorId?: string | undefined;
};

/** An account's own words for a mail; `undefined` while it has none. */
export async function getMailTemplate(
  deps: Deps,
  principal: Principal,
  { kind, creatorId }: MailTemplateAsk,
): Promise<Decision<{ template: MailTemplate | undefined }>> {
  const owner = owningAccount(principal, creatorId);
  if (!owner.ok) return owner;
  return accept({ template: await readMailTemplate(deps.store, owner.accountId, kind) });
}
