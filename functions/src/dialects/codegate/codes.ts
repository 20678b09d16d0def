import * as z from "zod";
import { refuse } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import { CODE_STATUSES, type RedemptionCode } from "../../core/redemption-codes.ts";
import type { Deps } from "../../operations/deps.ts";
import { uuidOf } from "../../operations/products/find-product.ts";
import { getCode, getCodeByText } from "../../operations/redemption-codes/find-code.ts";
import { listCodesPage } from "../../operations/redemption-codes/list-codes.ts";
import { codeLog } from "../../operations/redemption-codes/log.ts";
import { read } from "./define-route.ts";
import { codeItem, logItem } from "./records.ts";

const wholeNumber = (max: number) => {
  const words = max < LARGEST_PAGE ? `must be 1 to ${max}` : "must be a whole number from 1 on";
  return z
    .string()
    .regex(/^\d{1,9}$/, words)
    .transform(Number)
    .pipe(z.int().min(1, words).max(max, words));
};
const LARGEST_PAGE = 999_999_999;

export const listCodes = read({
  path: "/codes",
  input: z.object({
    page: wholeNumber(LARGEST_PAGE).default(1),
    page_size: wholeNumber(100).default(20),
    status: z.enum(CODE_STATUSES, `must be one of ${CODE_STATUSES.join(", ")}`).optional(),
    search: z.string().optional(),
  }),
  async handle(deps, product, { page, page_size, status, search }) {
    const ask = { page, pageSize: page_size, status, search };
    const listed = await listCodesPage(deps, product, ask);
    const now = deps.now();
    const totalPages = Math.ceil(listed.total / page_size);
    return {
      items: listed.codes.map((code) => codeItem(code, product, now)),
      total: listed.total,
      page,
      page_size,
      total_pages: totalPages,
      // The vendor's paging example for JavaScript reads it by this name.
      totalPages,
    };
  },
});

/** What is no id is no code's. */
export const getCodeById = read({
  path: "/codes/:codeId",
  input: z.object({ codeId: z.string() }),
  handle: async (deps, product, { codeId }) =>
    withLog(
      deps,
      product,
      await getCode(deps, {
        productId: product.id,
        id: BARE_ID.test(codeId) ? (uuidOf(codeId) ?? "") : "",
      }),
    ),
});
const BARE_ID = /^[0-9a-f]{32}$/;

export const getCodeByCode = read({
  path: "/codes/by-code/:code",
  input: z.object({ code: z.string() }),
  handle: async (deps, product, { code }) =>
    withLog(deps, product, await getCodeByText(deps, { productId: product.id, text: code })),
});

async function withLog(deps: Deps, product: Product, code: RedemptionCode | undefined) {
  if (!code) return refuse("REDEMPTION_CODE_NOT_FOUND");
  const log = await codeLog(deps, code.id);
  return {
    ...codeItem(code, product, deps.now()),
    verification_logs: log.map(logItem),
  };
}
