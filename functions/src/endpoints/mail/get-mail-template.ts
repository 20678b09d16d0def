import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { getMailTemplate as get } from "../../operations/mail/get-mail-template.ts";
import { creatorId } from "../fields.ts";
import { mailKind, mailTemplateAnswer, mailTemplateRecord } from "./records.ts";

export const getMailTemplate = defineEndpoint({
  name: "getMailTemplate",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "settings:read",
  accountWide: true,
  summary: "What mails to buyers say",
  description: "The account's own words, else the default ones.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({
      kind: mailKind,
      creatorId: creatorId.optional().meta({ description: "The account whose mails they are." }),
    })
    .meta({ id: "GetMailTemplateRequest" }),
  output: z.object(mailTemplateAnswer).meta({ id: "GetMailTemplateResponse" }),
  async handle(deps, input, principal) {
    const decision = await get(deps, principal, input);
    return decision.ok ? mailTemplateRecord(input.kind, decision.template) : decision;
  },
});
