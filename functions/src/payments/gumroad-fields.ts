import type { Fields } from "./fields.ts";

/** A form, or JSON read into the names a form would have: `url_params[variant]`. */
export function pingFields(raw: Buffer): Fields<string> | undefined {
  const body = raw.toString("utf8").trim();
  const entries = body.startsWith("{") ? ofJson(body) : [...new URLSearchParams(body)];
  // Of names that come twice the first counts; entries, as a name may be `__proto__`.
  return entries && Object.fromEntries(entries.reverse());
}

function ofJson(body: string): [string, string][] | undefined {
  let members: [string, unknown][];
  try {
    members = Object.entries(JSON.parse(body));
  } catch {
    return undefined;
  }
  const written = (value: unknown) => (typeof value === "object" ? "" : String(value));
  return members.flatMap(([name, value]): [string, string][] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([inner, member]) => [`${name}[${inner}]`, written(member)])
      : [[name, written(value)]],
  );
}
