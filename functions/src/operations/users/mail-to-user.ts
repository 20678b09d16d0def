import { countMail } from "../../core/mail-budgets.ts";
import { type UserMailKind, userMail } from "../../core/user-mails.ts";
import { mailBudgets, mails } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { SERVICE_ACCOUNT } from "../principal.ts";

type Addressee = { readonly emailHash: string; readonly email: string; readonly token: string };

/**
 * Prepares a mail about somebody's own account. Read with what is returned how many the address had,
 * and call what that returns beside the change, without a kind where nobody has the address.
 */
export function mailToUser(deps: Deps, { emailHash, email: to, token }: Addressee) {
  const id = deps.newId();
  const now = deps.now();
  const { url: dashboardUrl } = deps.settings.dashboard;
  return async (reader: Reader) => {
    const known = await reader.get(mailBudgets, emailHash);
    const { sent, budget } = countMail(emailHash, known, now);
    return (tx: Transaction, kind: UserMailKind | undefined): void => {
      tx.set(mailBudgets, budget);
      if (!sent || !kind) return;
      const accountId = SERVICE_ACCOUNT;
      tx.create(mails, userMail({ id, kind, to, token, dashboardUrl, accountId, now }));
    };
  };
}
