import type * as z from "zod";
import type { Provider } from "../../core/payments.ts";
import { defineEndpoint, type Endpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { receiveWebhook, unproven } from "../../http/payment-webhook.ts";
import type { Received } from "../../http/request.ts";
import type { PaymentSource } from "../../payments/payment-source.ts";
import { handle } from "../fields.ts";
import { receiptRecord, receiptShape } from "./records.ts";

const account = handle(128).nullable().catch(null);

/** A function that a payment provider posts to. */
export const defineWebhook = (about: {
  readonly name: string;
  readonly provider: Provider;
  readonly source: PaymentSource;
  readonly summary: string;
  readonly description: string;
  /** What the provider sends, as far as it is read. */
  readonly input: z.ZodType;
  /** Whether the proof of origin says when it was made. */
  readonly signsTime?: true;
  /** Content types that it reads, where JSON is not the only one. */
  readonly reads?: readonly string[];
  /** Whether the sender shows the keys to the buyer; others keep answers where people see them. */
  readonly showsKeys?: true;
}): Endpoint =>
  defineEndpoint({
    name: about.name,
    methods: ["POST"],
    access: "webhook",
    provider: about.provider,
    unproven: [unproven("unsigned"), ...(about.signsTime ? [unproven("stale")] : [])],
    ...(about.reads ? { reads: about.reads } : {}),
    summary: about.summary,
    description: `${about.description} Events that name no product of yours are filed under the account of \`?creatorId=\`.`,
    mutates: false,
    surface: nativeSurface({ failure: "success" }),
    refusals: [],
    input: about.input,
    output: receiptShape(`${about.name}Response`, about.showsKeys ?? false),
    async handle(deps, received, ours) {
      const { source, provider } = about;
      const accountId = accountOf(received);
      const receipt = await receiveWebhook(deps, { provider, source, received, ours, accountId });
      return receiptRecord(receipt, about.showsKeys ?? false);
    },
  });

const accountOf = ({ query }: Received): string | null => account.parse(query["creatorId"] ?? null);
