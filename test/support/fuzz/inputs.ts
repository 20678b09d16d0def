import fc from "fast-check";
import * as z from "zod";

/** Values that mean something to the seeded store, by the name of the field that they go into. */
export type Known = (field: string) => readonly unknown[];

type Any = fc.Arbitrary<unknown>;

const LONGEST = 60;

/** What a schema's senders may write, mostly; what it refines besides is met by its examples and by `known`. */
export function inputsOf(schema: z.ZodType, known: Known, field = ""): Any {
  const def = (schema as unknown as z.core.$ZodTypes)._zod.def;
  const inner = (other: z.core.$ZodType, name = field) => inputsOf(other as z.ZodType, known, name);
  const example = examplesOf(schema);
  const familiar = [...known(field), ...example].filter((one) => schema.safeParse(one).success);
  const or = (drawn: Any) => {
    if (familiar.length === 0) return drawn;
    const arbitrary = fc.constantFrom(...familiar);
    return fc.oneof({ weight: 8, arbitrary }, { weight: 1, arbitrary: drawn });
  };
  switch (def.type) {
    case "object": {
      const shape = Object.entries(def.shape);
      const members = shape.map(([name, member]) => [name, inner(member, name)] as const);
      const optional = shape
        .filter(([, member]) => (member as z.ZodType).safeParse(undefined).success)
        .map(([name]) => name);
      // All of many at once hardly ever go together.
      const drawn = fc
        .tuple(
          fc.record(Object.fromEntries(members)),
          fc.subarray(optional, { maxLength: Math.min(3, optional.length) }),
        )
        .map(([all, chosen]) =>
          Object.fromEntries(
            Object.entries(all).filter(
              ([name]) => !optional.includes(name) || chosen.includes(name),
            ),
          ),
        );
      if (example.length === 0) return drawn;
      return fc.oneof({ weight: 2, arbitrary: drawn }, fc.constantFrom(...example));
    }
    case "optional":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return or(inner(def.innerType));
    case "nullable":
      return fc.option(or(inner(def.innerType)), { freq: 5 });
    case "pipe":
      return or(inner(def.in._zod.def.type === "transform" ? def.out : def.in));
    case "union":
      return or(fc.oneof(...def.options.map((option) => inner(option))));
    case "array":
      return or(fc.array(inner(def.element), { minLength: 1, maxLength: 4 }));
    case "record":
      return or(fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 4 }));
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "literal":
      return fc.constantFrom(...def.values);
    case "boolean":
      return fc.boolean();
    case "number": {
      const { minimum, maximum, format } = schema._zod.bag as Record<string, number>;
      const [min = -1e6, max = 1e6] = [minimum, maximum];
      const whole = fc.integer({ min: Math.max(min, -1e6), max: Math.min(max, 1e6) });
      return or(format ? whole : fc.oneof(whole, fc.double({ min, max, noNaN: true })));
    }
    case "string":
      return or(textOf(schema._zod.bag as Bag));
    default:
      return or(fc.jsonValue({ maxDepth: 3 }));
  }
}

function examplesOf(schema: z.ZodType): readonly unknown[] {
  const { example, examples = [] } = (z.globalRegistry.get(schema) ?? {}) as {
    example?: unknown;
    examples?: unknown[];
  };
  return [example, ...examples].filter((one) => one !== undefined);
}

type Bag = { format?: string; minimum?: number; maximum?: number; patterns?: Set<RegExp> };

function textOf({ format, minimum = 0, maximum = LONGEST, patterns }: Bag): Any {
  if (format === "email") return fc.emailAddress();
  if (format === "uuid") return fc.uuid();
  if (format === "ipv4") return fc.ipV4();
  if (format === "ipv6") return fc.ipV6();
  const [pattern] = patterns ?? [];
  const minLength = Math.min(minimum, LONGEST);
  const maxLength = Math.max(minLength, Math.min(maximum, LONGEST));
  const plain = fc.string({ unit: "grapheme", minLength, maxLength });
  const full = fc.constant("n".repeat(Math.min(maximum, 5_000)));
  const fitting = pattern ? [{ weight: 12, arbitrary: fc.stringMatching(pattern) }] : [];
  return fc.oneof({ weight: 4, arbitrary: plain }, full, ...fitting);
}

/** Stands in a body for JSON text that no value is written as. */
const RAW = "raw-json:";
const nested = (depth: number, open: string, close: string) =>
  `${RAW}${open.repeat(depth)}1${close.repeat(depth)}`;

/** What no schema asks for, or what only looks like it. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 2 ** 53, -(2 ** 31), 1e308, [], {}, [[]], [null]],
  ...[`${RAW}-0`, `${RAW}1e400`, `${RAW}-1e400`, `${RAW}1e-400`, `${RAW}${"9".repeat(400)}`],
  ...["", " ", "\0", "a\0b", "\ud800", "x\udfff", "\u202e\u05d0\u0627", "e\u0301", "\ufeff"],
  ...["0", "-1", "1e3", "NaN", "null", "true", "[]", "{}", "*", "%", "%00", "%zz", "..", "/"],
  ...["../../etc/passwd", "__proto__", "constructor", "toString", "hasOwnProperty", "$where"],
  ...["' OR 1=1 --", '"}', "<script>alert(1)</script>", "a\r\nSet-Cookie: x=1", "{{email}}"],
  ...["2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "+275760-09-13T00:00:00Z", "1970-01-01"],
  ...["http://[::1", "javascript:1", "file:///etc/passwd", "https://169.254.169.254/", "a@b", "@"],
  ...["x".repeat(129), "x".repeat(1_501), "é".repeat(5_000), "\u{1f600}".repeat(20_000)],
  ...[{ toJSON: 1 }, { length: -1 }, { valueOf: null }, { $gt: "" }],
  ...[64, 4_000, 8_000, 50_000].map((depth) => nested(depth, "[", "]")),
  ...[1_000, 6_000].map((depth) => nested(depth, '{"a":', "}")),
  ...["x", {}].map((item) => Array(600).fill(item)),
];

const ODD_NAMES = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "toJSON"],
  ...["", "a.b", "a[0]", "$ref", "\0", "\ud800", "adminSecret", "apiKey", "id", "x".repeat(5_000)],
];

/** One thing done to a request's fields, at the place that `at` chooses among those there are. */
export type Damage = {
  readonly kind: "replace" | "drop" | "add" | "list" | "text";
  readonly at: number;
  readonly name: string;
  readonly value: unknown;
};

export const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom("replace", "replace", "replace", "drop", "add", "list", "text"),
  at: fc.nat(1_000),
  name: fc.constantFrom(...ODD_NAMES),
  value: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ODD_VALUES) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  ),
});

type Fields = Record<string, unknown>;

/** The fields after what was done to them. */
export function damaged(
  fields: unknown,
  names: readonly string[],
  done: readonly Damage[],
): Fields {
  const root = structuredClone(fields) as Fields;
  for (const { kind, at, name, value } of done) {
    const places = [...placesIn(root), ...names.map((field) => ({ holder: root, field }))];
    const place = places[at % Math.max(places.length, 1)];
    if (!place) {
      put(root, name, value);
      continue;
    }
    const { holder, field } = place;
    const there = holder[field];
    if (kind === "drop") delete holder[field];
    else if (kind === "add") put(holder, name, value);
    else if (kind === "list") put(holder, field, [there, there]);
    else put(holder, field, kind === "text" ? (JSON.stringify(there) ?? "") : value);
  }
  return root;
}

type Place = { readonly holder: Fields; readonly field: string };

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Fields;
  return Object.keys(holder).flatMap((field) => [{ holder, field }, ...placesIn(holder[field])]);
}

/** Also of a name that an assignment would take for the prototype's. */
const put = (holder: Fields, name: string, value: unknown) =>
  Object.defineProperty(holder, name, {
    // What is put is damaged further, and drawn again.
    value: structuredClone(value),
    enumerable: true,
    configurable: true,
    writable: true,
  });

/** The fields as JSON text. */
export const jsonText = (fields: unknown): string =>
  JSON.stringify(fields).replaceAll(new RegExp(`"${RAW}((?:[^"\\\\]|\\\\.)*)"`, "g"), (_, raw) =>
    String(raw).replaceAll('\\"', '"'),
  );
