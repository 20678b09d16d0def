import { z } from "zod";
import {
  type PaymentEvent,
  paymentEvent,
  type SaleLine,
  type Translated,
} from "../core/payments.ts";

/** What `raw` says in JSON; undefined where it is none. */
export function parsedJson(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString("utf8"));
  } catch {
    return undefined;
  }
}

export type Reader = (payload: unknown) => Translated;

/** Translates payloads of this shape; of others it says which field does not fit. */
export const reading =
  <Shape extends z.ZodType>(
    shape: Shape,
    translate: (payload: z.output<Shape>) => Translated,
  ): Reader =>
  (payload) => {
    const parsed = shape.safeParse(payload);
    return parsed.success ? translate(parsed.data) : unfit(parsed.error);
  };

export function unfit(error: z.ZodError): Translated {
  const field = error.issues[0]?.path.join(".") || "The payload";
  return unusable(
    `${field} is missing or of an unexpected kind. Compare the event in the provider's dashboard, and issue the license by hand if it is a sale.`,
  );
}

export const event = (
  said: Pick<PaymentEvent, "kind" | "references"> & Partial<PaymentEvent>,
): Translated => ({ state: "event", event: paymentEvent(said) });

export const ignored = (reason: string): Translated => ({ state: "ignored", reason });

export const ignoring =
  (reason: string): Reader =>
  () =>
    ignored(reason);

export const unusable = (reason: string): Translated => ({ state: "unusable", reason });

export const notActedUpon = (type: string): Translated =>
  ignored(`${type} is not an event Latchkey acts on.`);

/** What the provider calls a thing. */
export const name = z.string().min(1).max(100);

/** An ISO time as epoch milliseconds. */
export const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const address = z
  .string()
  .trim()
  .nullish()
  .transform((text) => text || null);

const naming = z.looseObject({
  productId: name,
  variant: name.nullish().catch(null),
});

/** Which of our products the vendor's own fields (`custom_data`) name. */
export function namedIn(customData: unknown): SaleLine["hint"] {
  const { data } = naming.safeParse(customData);
  return data ? { productId: data.productId, variant: data.variant ?? null } : null;
}
