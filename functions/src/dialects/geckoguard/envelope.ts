/** What is wrong with one field. */
export type Detail = { readonly path: string; readonly message: string; readonly code: string };

export const success = (data: Readonly<Record<string, unknown>>) => ({ ok: true, data });

export const failure = (code: string, message: string, details: readonly Detail[] = []) => ({
  ok: false,
  error: { code, message, ...(details.length > 0 ? { details } : {}) },
});
