import * as z from "zod";
import {
  MAIL_KINDS,
  MAIL_PARTS,
  type MailKind,
  type MailTemplate,
  PLACEHOLDERS,
  wordsOf,
} from "../../core/mail.ts";
import { isoInstant, isoOrNull } from "../fields.ts";

export const mailKind = z
  .enum(MAIL_KINDS, 'must be "license"')
  .default("license")
  .meta({ description: "`license` brings a buyer the key.", example: "license" });

export const mailTemplateAnswer = {
  success: z.literal(true),
  mailTemplate: z.object({
    kind: z.enum(MAIL_KINDS).meta({ example: "license" }),
    subject: z.string().meta({ example: "Your key for {{productName}}" }),
    text: z.string().meta({ example: "Your key:\n\n{{licenseKey}}\n" }),
    html: z.string().meta({
      description: "Without one of its own, the text as HTML.",
      example: "<p>Your key:</p>\n<p>{{licenseKey}}</p>\n",
    }),
    replyTo: z.string().nullable().meta({ example: "help@example.com" }),
    enabled: z.boolean().meta({ description: "Whether such mails are sent.", example: true }),
    customized: z
      .array(z.enum(MAIL_PARTS))
      .meta({ description: "What is not the default.", example: ["subject", "text"] }),
    updatedAt: isoInstant.nullable(),
  }),
  placeholders: z.array(z.string()).meta({
    description: "What may stand in double braces, as in `{{licenseKey}}`.",
    example: ["licenseKey", "productName"],
  }),
};

export const mailTemplateRecord = (kind: MailKind, template: MailTemplate | undefined) => ({
  success: true as const,
  mailTemplate: {
    kind,
    ...wordsOf(kind, template),
    replyTo: template?.replyTo ?? null,
    enabled: template?.enabled ?? true,
    customized: MAIL_PARTS.filter((part) => template && template[part] !== null),
    updatedAt: isoOrNull(template?.updatedAt ?? null),
  },
  placeholders: [...PLACEHOLDERS[kind]],
});
