import * as z from "zod";
import { hasRoom } from "../../core/redemption-codes.ts";
import { text } from "../fields.ts";
import { redemptionCode } from "./records.ts";

const MOST_CODES = 10_000;
/** What a call is answered with must fit into the record of its `Idempotency-Key`. */
const MOST_BYTES = 500_000;
const MOST_AFFIX = 10;

const affix = (what: string) =>
  z
    .union([z.literal(""), text(MOST_AFFIX)], `must be a text of at most ${MOST_AFFIX} characters`)
    .default("")
    .meta({ description: `Counts towards \`length\`. What codes ${what} with.` });

/** What says which codes are drawn. */
export const drawnFields = {
  count: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(MOST_CODES, `must be at most ${MOST_CODES}`)
    .optional()
    .meta({ description: "How many are drawn: 1 to 10000.", examples: [500] }),
  prefix: affix("begin").meta({ examples: ["SPRING"] }),
  suffix: affix("end"),
  length: z
    .int("must be a whole number")
    .min(8, "must be from 8 to 16")
    .max(16, "must be from 8 to 16")
    .default(12)
    .meta({
      description:
        "8 to 16 characters, prefix and suffix included. The rest is drawn from capital letters and digits without I, O, 0 and 1.",
      examples: [12],
    }),
};

export const givenCodes = z
  .array(redemptionCode, "must be a list of codes")
  .min(1, "must name at least 1 code")
  .max(MOST_CODES, `must name at most ${MOST_CODES} codes`)
  .refine(
    (codes) => new TextEncoder().encode(codes.join("")).length <= MOST_BYTES,
    `must have at most ${MOST_BYTES} bytes in all`,
  )
  .meta({ description: "Codes to import instead.", example: ["SPRING7K4XQ2"] });

type Asked = {
  readonly count?: number | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly prefix: string;
  readonly suffix: string;
  readonly length: number;
};

/** Codes are drawn or given; drawn ones leave room for chance. */
export function drawnOrGiven({ count, codes, ...form }: Asked, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: "custom", path: [field], message });
  if (count === undefined && codes === undefined) {
    refuse("count", "is required");
  } else if (count !== undefined && codes !== undefined) {
    refuse("codes", "must not come with count");
  } else if (count !== undefined && !hasRoom(form, count)) {
    refuse("length", "leaves too little to chance for that many codes");
  }
}
