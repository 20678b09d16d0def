import { accept, type Decision, refuse } from "../../core/decision.ts";
import { countMail } from "../../core/mail-budgets.ts";
import { type MailValues, type UserMailKind, userMail } from "../../core/user-mails.ts";
import { derivedId } from "../../crypto/vault.ts";
import { mailBudgets, mails } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { SERVICE_ACCOUNT } from "../principal.ts";

type Addressee = {
  readonly emailHash: string;
  readonly email: string;
  readonly token: string;
  /** Mails of a purpose of its own use up none of the others. */
  readonly purpose?: string | undefined;
};

/**
 * Prepares a mail about somebody's own account. Read with what is returned how many the address had,
 * and call what that returns beside the change, without a kind where nobody has the address. It
 * refuses where the address has had enough.
 */
export function mailToUser(deps: Deps, { emailHash, email: to, token, purpose }: Addressee) {
  const id = deps.newId();
  const now = deps.now();
  const { url: dashboardUrl } = deps.settings.dashboard;
  const budgetId = purpose === undefined ? emailHash : derivedId("mail-budget", purpose, emailHash);
  return async (reader: Reader) => {
    const known = await reader.get(mailBudgets, budgetId);
    const { sent, budget } = countMail(budgetId, known, now);
    return (
      tx: Transaction,
      kind: UserMailKind | undefined,
      values?: MailValues,
    ): Decision<{ sent: true }> => {
      tx.set(mailBudgets, budget);
      if (!sent) {
        const retryAfterSeconds = Math.max(1, Math.ceil((budget.expireAt - now) / 1000));
        return refuse("RATE_LIMITED", { retryAfterSeconds });
      }
      const accountId = SERVICE_ACCOUNT;
      if (kind) {
        tx.create(mails, userMail({ id, kind, to, token, values, dashboardUrl, accountId, now }));
      }
      return accept({ sent: true });
    };
  };
}
