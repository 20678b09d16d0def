import * as z from "zod";

const DIGITS = /^\d{1,9}$/;
const words = "must be a whole number from 1 on";
const wholeNumber = z.string(words).regex(DIGITS, words).transform(Number);

/** A number of items; one out of range is the nearest that is in it. */
export const sizeUpTo = (max: number) =>
  wholeNumber.transform((size) => Math.min(Math.max(size, 1), max));

/** The query's `page` and `pageSize`; a size above `max` is `max`. */
export const paging = ({ max = 200, usual = 50 }: { max?: number; usual?: number } = {}) => ({
  page: wholeNumber.pipe(z.int().min(1, words)).default(1),
  pageSize: sizeUpTo(max).default(usual),
});

type Paged = { readonly page: number; readonly pageSize: number; readonly total: number };

export const pagination = ({ page, pageSize, total }: Paged) => ({
  pagination: { page, pageSize, total, totalPages: Math.ceil(total / pageSize) },
});

/** That page of a list that is there as a whole. */
export const pageOf = <T>(
  all: readonly T[],
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): T[] => all.slice((page - 1) * pageSize, page * pageSize);
