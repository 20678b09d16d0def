import type { MailKind, MailTemplate } from "../../core/mail.ts";
import { derivedId } from "../../crypto/vault.ts";
import { mailTemplates } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";

export const mailTemplateId = (accountId: string, kind: MailKind): string =>
  derivedId("mail-template", accountId, kind);

/** What the account changed, if anything; `wordsOf` has the words in force. */
export const readMailTemplate = (
  reader: Reader,
  accountId: string,
  kind: MailKind,
): Promise<MailTemplate | undefined> => reader.get(mailTemplates, mailTemplateId(accountId, kind));
