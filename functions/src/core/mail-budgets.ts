import { isOpen } from "./windows.ts";

/** Mails about their accounts that an address was sent in the hour that began then. */
export type MailBudget = { id: string; startedAt: number; count: number; expireAt: number };

const WINDOW_MS = 3_600_000;
const MAILS_A_WINDOW = 5;

/** Counts one more, or says that the address has had enough: anybody may have them sent. */
export function countMail(
  id: string,
  known: MailBudget | undefined,
  now: number,
): { readonly sent: boolean; readonly budget: MailBudget } {
  const open = known && isOpen(known.startedAt, WINDOW_MS, now) ? known : undefined;
  const startedAt = open?.startedAt ?? now;
  const count = (open?.count ?? 0) + 1;
  const sent = count <= MAILS_A_WINDOW;
  return {
    sent,
    budget: {
      id,
      startedAt,
      count: Math.min(count, MAILS_A_WINDOW + 1),
      expireAt: startedAt + WINDOW_MS,
    },
  };
}
