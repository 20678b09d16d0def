import * as z from "zod";

export const uuid = z.uuid("must be a UUID").transform((id) => id.toLowerCase());

export const text = (maxLength: number) =>
  z
    .string("must be a string")
    .max(maxLength, `must be at most ${maxLength} characters`)
    .refine((value) => !value.includes("\0"), "must not contain NUL characters")
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode");

/** An account: a UUID, or the name it was given through another API. */
export const orgId = text(128).regex(/^[A-Za-z0-9][\w.@:-]*$/, "must be an organisation's id");

export const name = text(100).trim().min(1, "is required");

/** A date-time as epoch milliseconds. */
export const dateTime = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 date-time" })
  .transform((value) => Date.parse(value))
  .pipe(z.int().min(0, "must be in 1970 or later"));

export { iso, isoOrNull } from "../../http/instants.ts";
