import * as z from "zod";
import type { SaleLine } from "../core/payments.ts";
import { text } from "../fields/input.ts";

export type Fields<Value = unknown> = Readonly<Record<string, Value>>;

/** What `raw` says in JSON; undefined where it is none. */
export function parsedJson(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** What the provider calls a thing. */
export const name = text(256);

/** An id; some senders count theirs. */
export const id = z
  .union([z.string(), z.int().transform(String)], "must be text or a whole number")
  .pipe(name);

/** Senders write what they do not have as nothing, null or an empty text. */
export const optional = <S extends z.ZodType>(schema: S) =>
  z
    .preprocess((value) => (value === null || value === "" ? undefined : value), schema.optional())
    .optional();

/** A whole number, or its digits. */
export const whole = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  const digits = z
    .string()
    .trim()
    .regex(/^-?\d{1,9}$/)
    .transform(Number);
  return z.union([z.int(), digits], message).pipe(z.int().min(min, message).max(max, message));
};

/** An ISO time as epoch milliseconds; none before 1970, which some write for no time at all. */
export const instant = z.iso
  .datetime({ offset: true })
  .transform((time) => Date.parse(time))
  .pipe(z.int().min(0));

/** Of a buyer, as sent; the sale it belongs to says what is wrong with it. */
export const address = z
  .string()
  .trim()
  .nullish()
  .transform((sent) => sent || null);

const naming = z.looseObject({
  productId: name,
  variant: name.nullish().catch(null),
});

/** Which of our products a sender's own fields (`custom_data`) name. */
export function namedIn(customData: unknown): SaleLine["hint"] {
  const { data } = naming.safeParse(customData);
  return data ? { productId: data.productId, variant: data.variant ?? null } : null;
}

/** The first thing wrong, with the field's name and never its value. */
export function problemOf(error: z.ZodError, fields: Fields): string {
  const [issue] = error.issues;
  const field = String(issue?.path[0] ?? "body");
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  const missing = value === undefined || value === null || value === "";
  return `${field}: ${missing ? "is required" : issue?.message}.`;
}
