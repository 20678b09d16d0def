// Mails and their words. Instants are epoch milliseconds.

export const MAIL_KINDS = ["license"] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

export const MAIL_PARTS = ["subject", "text", "html"] as const;
export type MailPart = (typeof MAIL_PARTS)[number];

/** Words with `{{placeholders}}`, or the mail they became. */
export type MailWords = Readonly<Record<MailPart, string>>;

/** An account's own words; a part that is null is the default one. */
export type MailTemplate = {
  id: string;
  accountId: string;
  kind: MailKind;
  subject: string | null;
  text: string | null;
  html: string | null;
  replyTo: string | null;
  /** Whether mails of this kind are sent at all. */
  enabled: boolean;
  updatedAt: number;
};

/** `to`, `replyTo` and `message` are what Firebase's Trigger Email extension reads; it refuses nulls there. */
export type Mail = {
  id: string;
  to: string;
  replyTo?: string | undefined;
  message: { subject: string; text: string; html: string };
  accountId: string;
  kind: string;
  createdAt: number;
  /** When the one-box delivery looks at it next. */
  dueAt: number;
  /** Set by the one-box delivery; the extension keeps its own `delivery`. */
  deliveredAt: number | null;
  expireAt: number;
};

export type LicenseMailFacts = {
  readonly licenseKeys: readonly string[];
  readonly productName: string;
  readonly variant: string;
  readonly email: string;
  /** Null is perpetual. */
  readonly expiresAt: number | null;
  /** -1 is unlimited. */
  readonly maxMachines: number;
  readonly purchaseId: string | null;
};

export const PLACEHOLDERS: Readonly<Record<MailKind, readonly string[]>> = {
  license: [
    "licenseKey",
    "productName",
    "variant",
    "email",
    "expiresAt",
    "maxMachines",
    "purchaseId",
  ],
};

/** What a mail of the kind is sent for. */
const ESSENTIAL: Readonly<Record<MailKind, string>> = { license: "licenseKey" };

const DEFAULTS: Readonly<Record<MailKind, { readonly subject: string; readonly text: string }>> = {
  license: {
    subject: "Your license for {{productName}}",
    text: `Thank you for buying {{productName}}. Your license key:

{{licenseKey}}

To activate, start the product, choose to enter a license, and paste the
key as it stands above. If there are several, each person takes one. This
needs an internet connection.

Product: {{productName}}, {{variant}}
Licensed to: {{email}}
Machines: {{maxMachines}}
Expires: {{expiresAt}}
Purchase: {{purchaseId}}

Keep this mail. The key and the purchase number are what support asks
for, and what you need on another machine. Share the key with nobody.
`,
  },
};

const KEPT_MS = 30 * 86_400_000;

/** The words in force; without html of its own a template shows its text. */
export function wordsOf(kind: MailKind, template: MailTemplate | undefined): MailWords {
  const text = template?.text ?? DEFAULTS[kind].text;
  return {
    subject: template?.subject ?? DEFAULTS[kind].subject,
    text,
    html: template?.html ?? htmlOf(text),
  };
}

/** Words whose html says what their text does. */
export const wordsFrom = (words: Pick<MailWords, "subject" | "text">): MailWords => ({
  ...words,
  html: htmlOf(words.text),
});

/** Why words cannot be a template's, or `undefined`. */
export function templateProblem(kind: MailKind, part: MailPart, words: string): string | undefined {
  const essential = ESSENTIAL[kind];
  const used = [...words.matchAll(/\{\{([^{}]{0,64})(\}\})?/g)];
  const unknown = used.find(
    ([, name = "", end]) => !end || !PLACEHOLDERS[kind].includes(name.trim()),
  );
  if (unknown) {
    const known = PLACEHOLDERS[kind].map((name) => `{{${name}}}`).join(", ");
    return `unknown placeholder ${oneLine(unknown[0])}; there are ${known}`;
  }
  const holds = used.some(([, name = ""]) => name.trim() === essential);
  // Subjects are logged by servers on the way and shown on locked screens.
  if (part === "subject") return holds ? `must not hold {{${essential}}}` : undefined;
  return holds ? undefined : `must hold {{${essential}}}`;
}

/** The mail that brings license keys to their buyer, or `undefined` where the account sends none. */
export function licenseMail({
  id,
  accountId,
  template,
  facts,
  now,
}: {
  readonly id: string;
  readonly accountId: string;
  readonly template: MailTemplate | undefined;
  readonly facts: LicenseMailFacts;
  readonly now: number;
}): Mail | undefined {
  if (template?.enabled === false) return undefined;
  const message = rendered(wordsOf("license", template), {
    licenseKey: facts.licenseKeys,
    productName: facts.productName,
    variant: facts.variant,
    email: facts.email,
    expiresAt: facts.expiresAt === null ? "never" : dateOf(facts.expiresAt),
    maxMachines: facts.maxMachines === -1 ? "unlimited" : String(facts.maxMachines),
    purchaseId: facts.purchaseId ?? "none",
  });
  const replyTo = template?.replyTo ?? undefined;
  return {
    id,
    to: facts.email,
    ...(replyTo === undefined ? {} : { replyTo }),
    message,
    accountId,
    kind: "license",
    createdAt: now,
    dueAt: now,
    deliveredAt: null,
    expireAt: now + KEPT_MS,
  };
}

/** A list is shown one a line, as code where there is such a thing. */
type Values = Readonly<Record<string, string | readonly string[]>>;

/** The words with the values in their places, each escaped for where it stands. */
export const rendered = (words: MailWords, values: Values): MailWords => ({
  subject: oneLine(filled(words.subject, values, (value) => [value].flat().join(" "))),
  text: filled(unixLines(words.text), values, (value) =>
    typeof value === "string" ? oneLine(value) : value.map(oneLine).join("\n"),
  ),
  html: filled(words.html, values, (value) =>
    typeof value === "string"
      ? escaped(oneLine(value))
      : value.map((line) => `<code>${escaped(oneLine(line))}</code>`).join("<br>\n"),
  ),
});

/** In one pass: a value is never searched for placeholders. */
const filled = (
  words: string,
  values: Values,
  shown: (value: string | readonly string[]) => string,
): string =>
  words.replace(/\{\{([^{}]{0,64})\}\}/g, (whole, given: string) => {
    const name = given.trim();
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : shown(value);
  });

const htmlOf = (text: string): string =>
  unixLines(text)
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${escaped(paragraph).replaceAll("\n", "<br>\n")}</p>\n`)
    .join("");

const unixLines = (text: string): string => text.replaceAll("\r\n", "\n");

/** A line break in a header would begin another header. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? "");

/** YYYY-MM-DD in UTC. */
function dateOf(instant: number): string {
  const format = new Intl.DateTimeFormat("en", {
    timeZone: "UTC",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
}
