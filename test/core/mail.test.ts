import fc from "fast-check";
import {
  type LicenseMailFacts,
  licenseMail,
  type MailTemplate,
  PLACEHOLDERS,
  templateProblem,
  wordsOf,
} from "../../functions/src/core/mail.ts";
import { DAY, NOW } from "../support/records.ts";

const facts: LicenseMailFacts = {
  licenseKeys: ["7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD"],
  productName: "Cloud Tools",
  variant: "standard",
  email: "artist@example.com",
  expiresAt: Date.UTC(2027, 11, 31, 23, 59),
  maxMachines: 3,
  purchaseId: "order-17",
};
const template: MailTemplate = {
  id: "template",
  accountId: "studio",
  kind: "license",
  subject: null,
  text: null,
  html: null,
  replyTo: null,
  enabled: true,
  updatedAt: NOW,
};
const mail = (own: Partial<MailTemplate> = {}, more: Partial<LicenseMailFacts> = {}) => {
  const made = licenseMail({
    id: "mail-1",
    accountId: "studio",
    template: { ...template, ...own },
    facts: { ...facts, ...more },
    now: NOW,
  });
  if (!made) throw new Error("no mail");
  return made;
};

test("an account that changed nothing sends the default, without fields that the extension refuses", () => {
  const sent = licenseMail({ id: "m", accountId: "studio", template: undefined, facts, now: NOW });
  expect(sent).toEqual({
    id: "m",
    to: "artist@example.com",
    message: {
      subject: "Your license for Cloud Tools",
      text: expect.stringContaining("\n\n7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD\n\n"),
      html: expect.stringContaining("<p><code>7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD</code></p>"),
    },
    accountId: "studio",
    kind: "license",
    createdAt: NOW,
    dueAt: NOW,
    deliveredAt: null,
    expireAt: NOW + 30 * DAY,
  });
  for (const line of ["Expires: 2027-12-31", "Machines: 3", "Purchase: order-17"]) {
    expect(sent?.message.text).toContain(`\n${line}\n`);
  }
  expect(mail({ replyTo: "help@studio.example" }).replyTo).toBe("help@studio.example");
});

test("an account that turned them off sends none", () => {
  const off = { ...template, enabled: false };
  expect(licenseMail({ id: "m", accountId: "s", template: off, facts, now: NOW })).toBeUndefined();
});

test.each<[string, Partial<LicenseMailFacts>, string, string]>([
  [
    "{{licenseKey}}",
    { licenseKeys: ["A-1", "B-2"] },
    "A-1\nB-2",
    "<code>A-1</code><br>\n<code>B-2</code>",
  ],
  ["{{ licenseKey }}!", {}, `${facts.licenseKeys[0]}!`, `<code>${facts.licenseKeys[0]}</code>!`],
  [
    "{{productName}}",
    { productName: `<b>"Q&A"</b>` },
    `<b>"Q&A"</b>`,
    "&lt;b&gt;&quot;Q&amp;A&quot;&lt;/b&gt;",
  ],
  ["{{variant}}", { variant: "it's" }, "it's", "it&#39;s"],
  ["{{email}}", {}, "artist@example.com", "artist@example.com"],
  ["{{expiresAt}}", { expiresAt: null }, "never", "never"],
  ["{{expiresAt}}", { expiresAt: 0 }, "1970-01-01", "1970-01-01"],
  ["{{maxMachines}}", { maxMachines: -1 }, "unlimited", "unlimited"],
  ["{{purchaseId}}", { purchaseId: null }, "none", "none"],
  // A value is data, whatever it looks like.
  ["{{productName}}", { productName: "{{email}} $& $1" }, "{{email}} $& $1", "{{email}} $&amp; $1"],
  ["{{productName}}", { productName: "a\r\nb" }, "a b", "a b"],
  ["{{constructor}}", {}, "{{constructor}}", "{{constructor}}"],
])("%s of %j", (words, more, text, html) => {
  expect(mail({ text: words, html: words }, more).message).toMatchObject({ text, html });
});

test("a template without HTML of its own shows its text", () => {
  const { html } = wordsOf("license", { ...template, text: "a <b>\r\nc\n\n{{licenseKey}}\n" });
  expect(html).toBe("<p>a &lt;b&gt;<br>\nc</p>\n<p>{{licenseKey}}</p>\n");
});

test.each<["subject" | "text" | "html", string, RegExp | undefined]>([
  ["text", "{{licenseKey}} {{ email }}", undefined],
  ["html", "<style>@media x{p{a:b}}</style>{{licenseKey}}", undefined],
  ["subject", "Your key for {{productName}}", undefined],
  ["subject", "{{licenseKey}}", /^must not hold \{\{licenseKey\}\}$/],
  ["text", "Thank you", /^must hold \{\{licenseKey\}\}$/],
  ["text", "{{licenseKey}} {{licensekey}}", /^unknown placeholder \{\{licensekey\}\}; there are /],
  ["text", "{{licenseKey}} {{__proto__}}", /^unknown placeholder \{\{__proto__\}\};/],
  ["html", "{{{licenseKey}}}", /^unknown placeholder \{\{;/],
  ["subject", "{{productName}", /^unknown placeholder \{\{productName;/],
  ["subject", "{{", /^unknown placeholder \{\{;/],
])("a template's %s %j: %s", (part, words, problem) => {
  const found = templateProblem("license", part, words);
  if (problem) expect(found).toMatch(problem);
  else expect(found).toBeUndefined();
});

test("the default words pass their own rules", () => {
  const words = wordsOf("license", undefined);
  for (const part of ["subject", "text", "html"] as const) {
    expect(templateProblem("license", part, words[part])).toBeUndefined();
  }
});

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "<script>",
    "\r\nBcc: x@example.com",
    "\u2028",
    "{{email}}",
    `"><img src=x>`,
    "\0",
  ),
);
const anyFacts = fc.record({
  licenseKeys: fc.array(hostile, { minLength: 1, maxLength: 3 }),
  productName: hostile,
  variant: hostile,
  email: hostile,
  expiresAt: fc.option(fc.integer({ min: 0, max: 253_402_300_799_999 })),
  maxMachines: fc.integer({ min: -1, max: 1_000 }),
  purchaseId: fc.option(hostile),
});
const every = PLACEHOLDERS.license.map((name) => `{{${name}}}`).join(" ");

test("no value brings markup into the HTML, a line into the subject, or a control character", () => {
  fc.assert(
    fc.property(anyFacts, (given) => {
      const { message } = mail({ subject: every, text: every, html: every }, given);
      expect(message.html.replaceAll(/<\/?code>|<br>/g, "")).not.toMatch(/[<>"']|&(?!\w+;|#39;)/);
      expect(message.subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(message.text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test("every day is written as people write it", () => {
  const day = fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(day, (date) => {
      const { text } = mail({ text: "{{expiresAt}}" }, { expiresAt: date.getTime() }).message;
      expect(text).toBe(date.toISOString().slice(0, 10));
    }),
  );
});
