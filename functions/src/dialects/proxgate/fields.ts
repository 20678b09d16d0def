import * as z from "zod";
import { normaliseDomain } from "../../core/domains.ts";

export const text = (maxLength: number) =>
  z
    .string("must be a string")
    .max(maxLength, `must be at most ${maxLength} characters`)
    .refine((value) => !value.includes("\0"), "must not contain NUL characters")
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode");

export const requiredText = (maxLength: number) => text(maxLength).trim().min(1, "is required");

/** The field, or `undefined` where it is null, empty or missing: clients send all three for none. */
export const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((given) => (given === null || given === "" ? undefined : given), schema.optional());

export const optionalText = (maxLength: number) => optional(text(maxLength));

export const licenseKey = requiredText(128);

/** Compared exactly. */
export const givenFingerprint = text(255).min(1, "is required");
export const fingerprint = optional(givenFingerprint);

export const domain = optional(
  text(2_048).transform((given, context) => {
    const domain = normaliseDomain(given);
    if (domain !== undefined) return domain;
    context.addIssue({ code: "custom", message: "must be a domain" });
    return z.NEVER;
  }),
);
