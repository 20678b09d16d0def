import fc from "fast-check";
import {
  canonicalLicenseKey,
  formatGeckoguardKey,
  formatLicenseKey,
  GECKOGUARD_KEY_BYTES,
  LICENSE_KEY_BYTES,
} from "../../functions/src/core/license-keys.ts";

const bytes = fc.uint8Array({ minLength: LICENSE_KEY_BYTES, maxLength: LICENSE_KEY_BYTES });
const generatedKey = bytes.map(formatLicenseKey);

/** One key as different people type it. */
const spelling = (key: string) =>
  fc
    .tuple(
      ...Array.from(key.replaceAll("-", ""), (symbol) => {
        const looks = { "0": ["0", "O", "o"], "1": ["1", "I", "i", "L", "l"] }[symbol];
        const forms = looks ?? [symbol, symbol.toLowerCase()];
        return fc
          .tuple(fc.constantFrom(...forms), fc.constantFrom("", "", "-", " ", "\t"))
          .map((parts) => parts.join(""));
      }),
    )
    .map((parts) => parts.join(""));

test("a key is five groups of five symbols without I, L, O and U", () => {
  fc.assert(
    fc.property(generatedKey, (key) => {
      expect(key).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$/);
    }),
  );
});

test("32 symbols are equally likely, so a key holds 125 bits", () => {
  const drawn = Array.from({ length: 256 }, (_, byte) =>
    formatLicenseKey(new Uint8Array(LICENSE_KEY_BYTES).fill(byte)).charAt(0),
  );
  const counts = [...Map.groupBy(drawn, (symbol) => symbol).values()].map((all) => all.length);
  expect(counts).toEqual(Array(32).fill(8));
});

test("every byte counts", () => {
  const key = formatLicenseKey(Uint8Array.from({ length: LICENSE_KEY_BYTES }, (_, i) => i));
  expect(key).toBe("01234-56789-ABCDE-FGHJK-MNPQR");
});

test("too few random bytes make no key", () => {
  expect(() => formatLicenseKey(new Uint8Array(LICENSE_KEY_BYTES - 1))).toThrow(RangeError);
});

test("every spelling of a key is the key", () => {
  const spelled = generatedKey.chain((key) => fc.tuple(fc.constant(key), spelling(key)));
  fc.assert(
    fc.property(spelled, ([key, given]) => {
      expect(canonicalLicenseKey(given)).toBe(key);
    }),
  );
});

test.each([
  ["a UUID", "9f0c2c1e-0000-4000-8000-000000000001"],
  ["four groups of four", "abcd-EFGH-ijkl-0O1I"],
  ["one symbol too many", "01234-56789-ABCDE-FGHJK-MNPQRS"],
  ["one symbol too few", "01234-56789-ABCDE-FGHJK-MNPQ"],
  ["a U", "U1234-56789-ABCDE-FGHJK-MNPQR"],
  ["another separator", "01234_56789_ABCDE_FGHJK_MNPQR"],
  ["nothing", ""],
])("a key of another shape stays as it is, but for space around it: %s", (_, given) => {
  expect(canonicalLicenseKey(given)).toBe(given);
  expect(canonicalLicenseKey(` ${given}\n`)).toBe(given);
});

test("a canonical key is canonical", () => {
  const given = fc.oneof(
    fc.string({ unit: "grapheme" }),
    generatedKey,
    generatedKey.chain(spelling),
  );
  fc.assert(
    fc.property(given, (key) => {
      const canonical = canonicalLicenseKey(key);
      expect(canonicalLicenseKey(canonical)).toBe(canonical);
    }),
  );
});

test("a GeckoGuard key has every symbol of its alphabet and no spelling but its own", () => {
  const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  const keys = Array.from({ length: 32 }, (_, n) =>
    formatGeckoguardKey(new Uint8Array(GECKOGUARD_KEY_BYTES).fill(n + 224)),
  );
  expect(keys).toEqual(
    [...alphabet].map((symbol) => `GG-${Array(4).fill(symbol.repeat(5)).join("-")}`),
  );
  for (const key of keys) {
    expect(canonicalLicenseKey(key)).toBe(key);
    expect(canonicalLicenseKey(key.toLowerCase())).toBe(key.toLowerCase());
  }
  expect(() => formatGeckoguardKey(new Uint8Array(GECKOGUARD_KEY_BYTES - 1))).toThrow(RangeError);
});
