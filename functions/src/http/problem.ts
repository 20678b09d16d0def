/** Why the edge turns a request away before licensing is asked, and the status each has. */
export const problemStatus = {
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  IDEMPOTENCY_KEY_REUSED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_ENCODING: 415,
  TOO_MANY_FAILURES: 429,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  STORE_UNAVAILABLE: 503,
} as const;

export type ProblemCode = keyof typeof problemStatus;

/** What is wrong with one field of the request. */
export type FieldProblem = {
  readonly field: string;
  readonly message: string;
  readonly missing?: boolean;
  /** What kind of wrong it is, for programs. */
  readonly code?: string;
};

export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly fields: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;
  /** What a dialect calls it, where it tells apart what has one code here. */
  readonly word: string | undefined;

  constructor(
    code: ProblemCode,
    message: string,
    more: {
      fields?: readonly FieldProblem[];
      headers?: Record<string, string>;
      word?: string;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.fields = more.fields ?? [];
    this.headers = more.headers ?? {};
    this.word = more.word;
  }
}
