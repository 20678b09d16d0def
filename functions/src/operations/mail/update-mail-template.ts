import { accept, type Decision } from "../../core/decision.ts";
import type { MailTemplate } from "../../core/mail.ts";
import { mailTemplates } from "../../store/collections.ts";
import { accountOnFirstUse, owningAccount } from "../accounts.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import type { MailTemplateAsk } from "./get-mail-template.ts";
import { mailTemplateId } from "./templates.ts";

export type UpdateMailTemplateAsk = MailTemplateAsk & {
  /** Null is the default again. */
  readonly subject?: string | null | undefined;
  readonly text?: string | null | undefined;
  readonly html?: string | null | undefined;
  readonly replyTo?: string | null | undefined;
  readonly enabled?: boolean | undefined;
};

/** Changes what mails of a kind say, or whether they are sent. */
export async function updateMailTemplate(
  deps: Deps,
  principal: Principal,
  { kind, creatorId, ...asked }: UpdateMailTemplateAsk,
): Promise<Decision<{ template: MailTemplate | undefined }>> {
  const owner = owningAccount(principal, creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  const fields = given(asked);
  const id = mailTemplateId(accountId, kind);
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx) => {
    const kept = await tx.get(mailTemplates, id);
    const makeAccount = await accountOnFirstUse(tx, accountId, now);
    const before: MailTemplate = kept ?? {
      ...{ id, accountId, kind, subject: null, text: null, html: null },
      ...{ replyTo: null, enabled: true, updatedAt: now },
    };
    if (!changes(before, fields)) return accept({ template: kept });
    const template: MailTemplate = { ...before, ...fields, updatedAt: now };
    makeAccount(tx);
    tx.set(mailTemplates, template);
    audit(tx, { accountId, action: "mailTemplate.update", targetId: id, before, after: template });
    return accept({ template });
  });
}
