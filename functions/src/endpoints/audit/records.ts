import * as z from "zod";
import type { AuditEntry } from "../../core/audit.ts";
import { isInstant, iso, pastInstant } from "../fields.ts";

/** An audit entry as lists show it. */
export const entryShape = z
  .object({
    id: z.uuid().meta({ example: "b7e23ec2-9af0-4a1c-8f5d-3c6f1e2d4b5a" }),
    at: pastInstant,
    actor: z.object({
      kind: z
        .enum(["administrator", "api-key", "payment", "user", "end-user"])
        .meta({ example: "administrator" }),
      keyId: z.uuid().nullable().meta({ example: null }),
      userId: z
        .uuid()
        .optional()
        .meta({ description: "The member of the account who did it, where it was one." }),
    }),
    accountId: z.string().meta({ example: "studio-one" }),
    action: z.string().meta({ example: "license.create" }),
    targetId: z.string().meta({
      description: "The identity of what was changed; never a key.",
      example: "0c9f6a52-3d1b-4e7a-9c84-5f2a7d60b1e3",
    }),
    before: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        "The fields that changed, as they were, instants in ISO 8601; null for what was made.",
      example: null,
    }),
    after: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({
        description: "The same fields afterwards; null for what was deleted.",
        example: { email: "artist@example.com", variant: "pro", status: "active" },
      }),
  })
  .meta({ id: "AuditEntry" });

export const entryRecord = (entry: AuditEntry): z.input<typeof entryShape> => ({
  ...entry,
  at: iso(entry.at),
  before: entry.before && shownFields(entry.before),
  after: entry.after && shownFields(entry.after),
});

/** By these names records keep instants, in epoch milliseconds. */
const INSTANT = /(?:At|Seen)$/;

const shownFields = (fields: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      INSTANT.test(name) && isInstant(value) ? iso(value) : shown(value),
    ]),
  );

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  return typeof value === "object" && value !== null ? shownFields(value) : value;
}
