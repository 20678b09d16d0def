import { type Mail, rendered, wordsFrom } from "./mail.ts";

const WORDS = {
  "verify-email": {
    subject: "Confirm your address",
    text: `Welcome. To confirm that this address is yours, use this within three days:

{{link}}

If you did not register, ignore this mail.
`,
  },
  "already-registered": {
    subject: "You are registered already",
    text: `Somebody, perhaps you, tried to register with this address. It has an
account already: log in with it, or ask for a new password if you have
forgotten yours.

If it was not you, there is nothing to do.
`,
  },
  "reset-password": {
    subject: "Choose a new password",
    text: `To choose a new password, use this within an hour:

{{link}}

It ends all your logins. If you did not ask for it, ignore this mail; your
password stays as it is.
`,
  },
  invite: {
    subject: "Invitation to {{organization}}",
    text: `You are invited to the organization {{organization}}, as {{role}}. To accept,
use this within seven days:

{{link}}

It works for this address alone: log in with it, or register it. If you know
nothing of this, ignore this mail.
`,
  },
} as const;

export type UserMailKind = keyof typeof WORDS;

/** Which page of the dashboard a mail leads to. */
const PAGES: Readonly<Record<UserMailKind, string>> = {
  "verify-email": "verify-email",
  "already-registered": "login",
  "reset-password": "reset-password",
  invite: "accept-invite",
};

export type MailValues = Readonly<Record<string, string>>;

const KEPT_MS = 7 * 86_400_000;

/** A mail about somebody's own account. Its link holds the token where no server on the way is told it. */
export function userMail({
  id,
  kind,
  to,
  token,
  values = {},
  dashboardUrl,
  accountId,
  now,
}: {
  readonly id: string;
  readonly kind: UserMailKind;
  readonly to: string;
  readonly token: string;
  /** What else its words say. */
  readonly values?: MailValues | undefined;
  readonly dashboardUrl: string | null;
  readonly accountId: string;
  readonly now: number;
}): Mail {
  const link = dashboardUrl === null ? token : `${dashboardUrl}/${PAGES[kind]}#token=${token}`;
  return {
    id,
    to,
    message: rendered(wordsFrom(WORDS[kind]), { ...values, link }),
    accountId,
    kind,
    createdAt: now,
    dueAt: now,
    deliveredAt: null,
    expireAt: now + KEPT_MS,
  };
}
