import type { Fields, Value } from "./proto.ts";
import { invalid } from "./status-error.ts";

export const NAME_FIELD = "__name__";

const SEGMENT = /(?:`((?:[^`\\]|\\.)+)`|([^`.]+))(\.|$)/gy;
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function parseFieldPath(path: string): readonly string[] {
  const segments: string[] = [];
  let end = 0;
  let expectsMore = true;
  for (const match of path.matchAll(SEGMENT)) {
    segments.push(match[1]?.replaceAll(/\\(.)/g, "$1") ?? match[2] ?? "");
    end += match[0].length;
    expectsMore = match[3] === ".";
  }
  if (end !== path.length || expectsMore) throw invalid(`Invalid field path "${path}".`);
  return segments;
}

export function joinFieldPath(parent: string, name: string): string {
  const segment = PLAIN_NAME.test(name) ? name : `\`${name.replaceAll(/[\\`]/g, "\\$&")}\``;
  return parent ? `${parent}.${segment}` : segment;
}

export function getField(fields: Fields, segments: readonly string[]): Value | undefined {
  let level: Fields | null | undefined = fields;
  let value: Value | undefined;
  for (const segment of segments) {
    if (!level || !Object.hasOwn(level, segment)) return undefined;
    value = level[segment];
    level = value?.mapValue?.fields;
  }
  return value;
}

/** A copy with the field set, or removed when the value is undefined. */
export function withField(
  fields: Fields,
  [name, ...rest]: readonly string[],
  value: Value | undefined,
): Fields {
  if (name === undefined) return fields;
  if (rest.length === 0 && value === undefined)
    return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
  if (rest.length === 0) return { ...fields, [name]: value as Value };
  const inner = getField(fields, [name])?.mapValue?.fields;
  if (value === undefined && !inner) return fields;
  return { ...fields, [name]: { mapValue: { fields: withField(inner ?? {}, rest, value) } } };
}

export function pickFields(fields: Fields, paths: readonly string[]): Fields {
  let picked: Fields = {};
  for (const path of paths) {
    if (path === NAME_FIELD) continue;
    const segments = parseFieldPath(path);
    const value = getField(fields, segments);
    if (value !== undefined) picked = withField(picked, segments, value);
  }
  return picked;
}
