import * as z from "zod";
import { MOST_SLOTS } from "../core/licenses.ts";

/** Text a person or program may send: bounded, well-formed, without NUL. */
export const text = (maxLength: number) =>
  z
    .string("must be a string")
    .min(1, "must not be empty")
    .max(maxLength, `must be at most ${maxLength} characters`)
    .refine((value) => !value.includes("\0"), "must not contain NUL characters")
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode");

/**
 * What browsers take (https://html.spec.whatwg.org/#email-state-(type=email)), where the domain has a dot:
 * Zod's own pattern turns away customers such as r&d@example.com.
 */
const EMAIL =
  /^[\w.!#$%&'*+/=?^`{|}~-]+@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

export const email = z
  .string("must be a string")
  .trim()
  .toLowerCase()
  .max(254, "must be at most 254 characters")
  .pipe(z.email({ pattern: EMAIL, error: "must be an e-mail address" }))
  .meta({ description: "The customer's address.", example: "artist@example.com" });

export const licenseType = z
  .enum(["per-machine", "floating", "site"], 'must be "per-machine", "floating" or "site"')
  .meta({ example: "per-machine" });

/** A number of machines or seats; -1 is unlimited. */
export const slots = z
  .int("must be a whole number")
  .min(-1, "must be -1 (unlimited) or at least 1")
  .max(MOST_SLOTS, `must be at most ${MOST_SLOTS}`)
  .refine((value) => value !== 0, "must be -1 (unlimited) or at least 1");
