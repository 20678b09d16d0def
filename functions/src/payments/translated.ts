import type * as z from "zod";
import { type PaymentEvent, paymentEvent, type Translated } from "../core/payments.ts";

export const event = (
  said: Pick<PaymentEvent, "kind" | "references"> & Partial<PaymentEvent>,
): Translated => ({ state: "event", event: paymentEvent(said) });
export const ignored = (reason: string): Translated => ({ state: "ignored", reason });
export const unusable = (reason: string): Translated => ({ state: "unusable", reason });
export const notActedUpon = (type: string): Translated =>
  ignored(`${type} is not an event Latchkey acts on.`);

/** Translates one kind of payload. */
export type Reader = (payload: unknown) => Translated;

export const ignoring =
  (reason: string): Reader =>
  () =>
    ignored(reason);

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
