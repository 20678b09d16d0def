import * as z from "zod";
import type { AuditEntry } from "../../core/audit.ts";
import { iso, isoInstant } from "../fields.ts";

/** An audit entry as lists show it. */
export const entryShape = z
  .object({
    id: z.uuid(),
    at: isoInstant,
    actor: z.object({
      kind: z.enum(["administrator", "api-key"]),
      keyId: z.uuid().nullable(),
    }),
    accountId: z.string().meta({ example: "studio-one" }),
    action: z.string().meta({ example: "license.create" }),
    targetId: z.string().meta({ description: "The identity of what was changed; never a key." }),
    before: z.record(z.string(), z.unknown()).nullable().meta({
      description: "The fields that changed, as they were; null for what was made.",
    }),
    after: z.record(z.string(), z.unknown()).nullable().meta({
      description: "The same fields afterwards; null for what was deleted.",
    }),
  })
  .meta({ id: "AuditEntry" });

export const entryRecord = (entry: AuditEntry): z.input<typeof entryShape> => ({
  ...entry,
  at: iso(entry.at),
});
