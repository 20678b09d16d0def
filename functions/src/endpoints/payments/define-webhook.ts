import type * as z from "zod";
import type { Provider } from "../../core/payments.ts";
import { defineEndpoint, type Endpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { Problem } from "../../http/problem.ts";
import type { Received } from "../../http/request.ts";
import { receivePayment } from "../../operations/payments/receive-payment.ts";
import { countRejection } from "../../operations/payments/rejections.ts";
import type { PaymentSource, Proof } from "../../payments/payment-source.ts";
import { handle } from "../fields.ts";
import { receiptRecord, receiptShape } from "./records.ts";

/** Kept with an event until it is done, sealed, in one document of at most 1 MiB. */
const MAX_BYTES = 384 * 1024;

const accountId = handle(128).nullable().catch(null);

const REFUSED: Readonly<Record<Exclude<Proof, "good">, string>> = {
  unsigned: "The request carries no proof of where it comes from.",
  forged: "The signature or secret is not right.",
  stale: "The signature's time is more than 300 seconds off.",
};

const refused = (proof: Exclude<Proof, "good">): Problem =>
  new Problem(proof === "stale" ? "INVALID_REQUEST" : "UNAUTHENTICATED", REFUSED[proof]);

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
    unproven: [refused("unsigned"), ...(about.signsTime ? [refused("stale")] : [])],
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
      const proof = await source.prove(received, ours, deps.now());
      if (proof !== "good") {
        countRejection(deps, provider);
        throw refused(proof);
      }
      if (received.raw.length > MAX_BYTES) {
        throw new Problem("PAYLOAD_TOO_LARGE", `The body is larger than ${MAX_BYTES} bytes.`);
      }
      const receipt = await receivePayment(deps, {
        provider,
        raw: received.raw,
        read: source.read,
        accountId: accountOf(received),
      });
      return receiptRecord(receipt, about.showsKeys ?? false);
    },
  });

const accountOf = ({ query }: Received): string | null =>
  accountId.parse(query["creatorId"] ?? null);
