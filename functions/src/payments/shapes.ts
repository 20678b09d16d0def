import * as z from "zod";
import type { Translated } from "../core/payments.ts";
import { text } from "../endpoints/fields.ts";

export type Fields<Value = unknown> = Readonly<Record<string, Value>>;

export const ignored = (reason: string): Translated => ({ state: "ignored", reason });
export const unusable = (reason: string): Translated => ({ state: "unusable", reason });

/** Senders write what they do not have as nothing, null or an empty text. */
export const optional = <S extends z.ZodType>(schema: S) =>
  z
    .preprocess((value) => (value === null || value === "" ? undefined : value), schema.optional())
    .optional();

/** An id; some senders count theirs. */
export const id = z
  .union([z.string(), z.int().transform(String)], "must be text or a whole number")
  .pipe(text(256));

/** A whole number, or its digits. */
export const whole = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  const digits = z
    .string()
    .regex(/^-?\d{1,9}$/)
    .transform(Number);
  return z.union([z.int(), digits], message).pipe(z.int().min(min, message).max(max, message));
};

/** The first thing wrong, with the field's name and never its value. */
export function problemOf(error: z.ZodError, fields: Fields): string {
  const [issue] = error.issues;
  const field = String(issue?.path[0] ?? "body");
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  const missing = value === undefined || value === null || value === "";
  return `${field}: ${missing ? "is required" : issue?.message}.`;
}
