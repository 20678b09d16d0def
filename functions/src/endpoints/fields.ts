import * as z from "zod";
import { text } from "../fields/input.ts";

export { email, licenseType, slots, text } from "../fields/input.ts";
export { isInstant, iso, isoOrNull } from "../http/instants.ts";

export const licenseKey = text(128).meta({
  description: "Case, hyphens and spaces do not matter in a key this service made.",
  example: "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD",
});
export const machineFingerprint = text(256).meta({
  description: "A stable identifier of the machine, such as a SHA-256 of its machine id.",
  example: "ab12cd34ef56",
});
export const hostname = text(255).meta({
  description: "The label shown to the vendor.",
  example: "ws-01",
});
export const productId = text(128).meta({
  description: "The vendor's handle of the product, or its UUID.",
  example: "prod_abc123",
});
export const sessionToken = text(8_192).meta({
  description: "The token of the last `activate` or `validate`.",
  example: "eyJhbGciOiJSUzI1NiIsImtpZCI6...",
});

/** A name that stands in ids and URLs. */
const HANDLE = /^[A-Za-z0-9][A-Za-z0-9_.@:-]*$/;
export const handle = (maxLength: number) =>
  text(maxLength).regex(
    HANDLE,
    "must start with a letter or digit and hold only letters, digits and _ . @ : -",
  );
export const creatorId = handle(128).meta({
  description:
    "The account: when left out, that of the product that is named, else `default`. With an API key it is the key's own.",
  example: "studio-one",
});

/** Where an account is always named. */
export const accountId = creatorId.meta({ description: "The account." });

/** Yes or no; a query string sends it as text. */
export const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")],
  "must be true or false",
);

const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
/** A later one is not written with four digits for the year. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** An ISO 8601 date or date-time as epoch milliseconds; without an offset it is UTC. */
export const instant = z
  .string("must be an ISO 8601 date-time string")
  .transform((value, context) => {
    const given = value.trim();
    const [, date = "", zone] = INSTANT.exec(given) ?? [];
    // `Date.parse` takes February 30 for March 2.
    const real = z.regexes.date.test(date);
    const ms = real ? Date.parse(given === date || zone ? given : `${given}Z`) : Number.NaN;
    if (!(ms >= 0 && ms <= LAST_MS)) {
      context.addIssue({ code: "custom", message: "must be an ISO 8601 date-time" });
      return z.NEVER;
    }
    return ms;
  })
  .meta({ example: "2027-12-31T00:00:00Z" });

export const listedCreatorId = creatorId.optional().meta({
  description: "The account to list; every account when left out, with an API key its own.",
});

const PAGE_LIMIT = "must be a whole number from 1 to 500";
/** How many a list answers; a query string brings it as text. */
export const pageLimit = z
  .union(
    [
      z.int(PAGE_LIMIT).min(1, PAGE_LIMIT).max(500, PAGE_LIMIT),
      z
        .string()
        .regex(/^(?:[1-9]\d?|[1-4]\d\d|500)$/, PAGE_LIMIT)
        .transform(Number),
    ],
    PAGE_LIMIT,
  )
  .default(100)
  .meta({ description: "1 to 500.", example: 100 });
export const cursor = text(2_048).optional().meta({
  description: "`nextCursor` of the page before.",
});
export const nextCursor = z.string().nullable().meta({
  description: "Send it as `cursor` for the page after; null when there is none.",
  example: null,
});

/** An expiry: null or an empty string is none. */
export const expiry = z
  .union(
    [z.null(), z.literal("").transform(() => null), instant],
    "must be an ISO 8601 date-time, or null for none",
  )
  .meta({ description: "ISO 8601; null is perpetual.", example: "2027-12-31T00:00:00Z" });

export const isoInstant = z.iso.datetime({ precision: 3 }).meta({
  example: "2027-12-31T00:00:00.000Z",
});

/** One that has passed when it is shown. */
export const pastInstant = isoInstant.meta({ example: "2026-11-20T09:00:00.000Z" });

/** One that need not be, and in an example is not. */
export const instantOrNone = isoInstant.nullable().meta({ example: null });
