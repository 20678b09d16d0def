import * as z from "zod";
import { MAIL_PARTS, templateProblem } from "../../core/mail.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateMailTemplate as update } from "../../operations/mail/update-mail-template.ts";
import { creatorId, email, text } from "../fields.ts";
import { mailKind, mailTemplateAnswer, mailTemplateRecord } from "./records.ts";

export const updateMailTemplate = defineEndpoint({
  name: "updateMailTemplate",
  methods: ["POST"],
  access: "admin",
  scope: "settings:write",
  accountWide: true,
  summary: "Change what mails to buyers say",
  description:
    "What is left out stays; null is the default again. Placeholders: `getMailTemplate`.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({
      kind: mailKind,
      subject: text(200).nullish().meta({ example: "Your key for {{productName}}" }),
      text: text(20_000).nullish().meta({ example: "Your key:\n\n{{licenseKey}}\n" }),
      html: text(100_000).nullish().meta({ description: "Null shows the text." }),
      replyTo: email
        .nullish()
        .meta({ description: "Where answers go.", example: "help@example.com" }),
      enabled: z.boolean("must be true or false").optional(),
      creatorId: creatorId.optional().meta({ description: "The account whose mails they are." }),
    })
    .superRefine((ask, context) => {
      for (const part of MAIL_PARTS) {
        const message = ask[part] && templateProblem(ask.kind, part, ask[part]);
        if (message) context.addIssue({ code: "custom", path: [part], message });
      }
    })
    .meta({ id: "UpdateMailTemplateRequest" }),
  output: z.object(mailTemplateAnswer).meta({ id: "UpdateMailTemplateResponse" }),
  async handle(deps, input, principal) {
    const decision = await update(deps, principal, input);
    return decision.ok ? mailTemplateRecord(input.kind, decision.template) : decision;
  },
});
