import * as z from "zod";

const DIGITS = /^\d{1,9}$/;
const words = "must be a whole number from 1 on";
const wholeNumber = z.string(words).regex(DIGITS, words).transform(Number);

/** The query's `page` and `pageSize`; a size above `max` is `max`. */
export const paging = ({ max = 200, usual = 50 }: { max?: number; usual?: number } = {}) => ({
  page: wholeNumber.pipe(z.int().min(1, words)).default(1),
  pageSize: wholeNumber.transform((size) => Math.min(Math.max(size, 1), max)).default(usual),
});

type Paged = { readonly page: number; readonly pageSize: number; readonly total: number };

export const pagination = ({ page, pageSize, total }: Paged) => ({
  pagination: { page, pageSize, total, totalPages: Math.ceil(total / pageSize) },
});
