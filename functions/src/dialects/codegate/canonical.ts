/** What a CodeGate client signs: five parts, a line each, no line end after the last. */
export type Signed = {
  readonly method: string;
  /** As sent, still percent-encoded, from `/api/v1` on. */
  readonly path: string;
  /** The parameters; `undefined` for a query that is not percent-encoded UTF-8. */
  readonly parameters: Parameters | undefined;
  readonly bodyHash: string;
  readonly timestamp: string;
};

export type Parameters = ReadonlyMap<string, string>;

/** The query's parameters. One without `=` is empty; of one that is repeated the last counts. */
export function parametersOf(query: string): Parameters | undefined {
  const decoded = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
  const parameters = new Map<string, string>();
  try {
    for (const piece of query.split("&").filter(Boolean)) {
      const [name = "", ...value] = piece.split("=");
      parameters.set(decoded(name), decoded(value.join("=")));
    }
  } catch {
    return undefined;
  }
  return parameters;
}

/**
 * The strings that the SDKs may have signed: the Python SDK encodes the query like a form, the
 * JavaScript SDK like a URI component. Always two, also where they are the same.
 */
export const candidates = (signed: Signed): readonly string[] =>
  [formEncoded, encodeURIComponent].map((encode) =>
    [
      signed.method,
      signed.path,
      queryOf(signed.parameters ?? new Map(), encode),
      signed.bodyHash,
      signed.timestamp,
    ].join("\n"),
  );

const queryOf = (parameters: Parameters, encode: (text: string) => string): string =>
  [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");

const formEncoded = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
