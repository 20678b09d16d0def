import fc from "fast-check";
import type * as z from "zod";
import {
  email,
  expiry,
  handle,
  instant,
  iso,
  isoInstant,
  isoOrNull,
  licenseType,
  slots,
  text,
} from "../../functions/src/endpoints/fields.ts";

/** The parsed value, or the words of the refusal. */
function read(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : parsed.error.issues.map(({ message }) => message);
}

describe("an instant", () => {
  test.each([
    ["2027-12-31", "2027-12-31T00:00:00.000Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z"],
    ["2027-12-31T10:20:30Z", "2027-12-31T10:20:30.000Z"],
    ["2027-12-31T10:20", "2027-12-31T10:20:00.000Z"],
    ["2027-12-31T10:20:30", "2027-12-31T10:20:30.000Z"],
    ["2027-12-31T10:20:30.123", "2027-12-31T10:20:30.123Z"],
    ["2027-12-31T10:20:30.123Z", "2027-12-31T10:20:30.123Z"],
    ["2027-12-31T10:20:30.123456Z", "2027-12-31T10:20:30.123Z"],
    ["2027-12-31T10:20:30.123456", "2027-12-31T10:20:30.123Z"],
    ["2027-12-31T10:20:30.5Z", "2027-12-31T10:20:30.500Z"],
    ["2027-12-31T10:20:30+00:00", "2027-12-31T10:20:30.000Z"],
    ["2027-12-31T10:20:30.123456+05:30", "2027-12-31T04:50:30.123Z"],
    ["2027-12-31T10:20:30-0800", "2027-12-31T18:20:30.000Z"],
    [" 2027-12-31T10:20:30Z\n", "2027-12-31T10:20:30.000Z"],
    ["1970-01-01", "1970-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("%j is %s", (given, expected) => {
    expect(read(instant, given)).toBe(Date.parse(expected));
  });

  test.each([
    "",
    " ",
    "tomorrow",
    "2027",
    "2027-12",
    "31.12.2027",
    "12/31/2027",
    "Fri, 31 Dec 2027 00:00:00 GMT",
    "20271231",
    "2027-12-31Z",
    "2027-12-31 10:20:30",
    "2027-12-31T10",
    "2027-12-31T10:20:30.Z",
    "2027-12-31T10:20:30 Z",
    "2027-12-31T10:20:30Z[UTC]",
    "+012027-12-31T10:20:30Z",
    "2026-00-10",
    "2026-13-01",
    "2026-01-00",
    "2026-01-32",
    "2026-02-29",
    "2026-02-30",
    "2100-02-29",
    "2026-04-31",
    "2026-02-30T10:20:30Z",
    "2026-02-30T10:20:30.123456+05:30",
    "2026-02-30T10:20:30-0800",
    "2026-01-01T25:00:00Z",
    "2026-01-01T10:60:00Z",
    "2026-01-01T10:20:61Z",
    "2026-01-01T10:20:30+25:00",
    "2026-01-01T10:20:30+05:99",
    "2026-01-01T10:20:30+2500",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59-01:00",
  ])("%j is refused", (given) => {
    expect(read(instant, given)).toEqual(["must be an ISO 8601 date-time"]);
  });

  test.each([null, undefined, 1_798_675_200, 1_798_675_200_000, { _seconds: 1 }, []])(
    "%j is no text",
    (given) => {
      expect(read(instant, given)).toEqual(["must be an ISO 8601 date-time string"]);
    },
  );

  test("that a response holds is read back, and any that is read can stand in a response", () => {
    const last = Date.parse("9999-12-31T23:59:59.999Z");
    fc.assert(
      fc.property(fc.nat(last), (ms) => {
        expect(read(isoInstant, iso(ms))).toBe(iso(ms));
        expect(read(instant, iso(ms))).toBe(ms);
      }),
    );
    expect(isoOrNull(null)).toBeNull();
    expect(isoOrNull(0)).toBe("1970-01-01T00:00:00.000Z");
  });
});

describe("an expiry", () => {
  test.each([null, ""])("%j is none", (given) => {
    expect(read(expiry, given)).toBeNull();
  });

  test("is an instant otherwise", () => {
    expect(read(expiry, "2027-12-31")).toBe(Date.parse("2027-12-31T00:00:00Z"));
    for (const given of ["2026-02-30", " ", 0, false]) {
      expect(read(expiry, given)).toEqual(["must be an ISO 8601 date-time, or null for none"]);
    }
  });
});

describe("slots", () => {
  test.each([-1, 1, 2, 1_000_000])("%p are slots", (given) => {
    expect(read(slots, given)).toBe(given);
  });

  test.each<[unknown, string]>([
    [0, "must be -1 (unlimited) or at least 1"],
    [-0, "must be -1 (unlimited) or at least 1"],
    [-2, "must be -1 (unlimited) or at least 1"],
    [1_000_001, "must be at most 1000000"],
    [1.5, "must be a whole number"],
    [Number.NaN, "must be a whole number"],
    [Number.POSITIVE_INFINITY, "must be a whole number"],
    ["2", "must be a whole number"],
    [true, "must be a whole number"],
    [[2], "must be a whole number"],
  ])("%p are not: %s", (given, message) => {
    expect(read(slots, given)).toEqual([message]);
  });
});

describe("an e-mail address", () => {
  test.each([
    ["artist@example.com", "artist@example.com"],
    ["  Artist+Tag@Example.COM\n", "artist+tag@example.com"],
    ["r&d@example.com", "r&d@example.com"],
    ["admin@xn--e1afmkfd.xn--p1ai", "admin@xn--e1afmkfd.xn--p1ai"],
    [`${"a".repeat(64)}@${"b".repeat(63)}.example.com`, expect.stringContaining("@")],
  ])("%j is read as %s", (given, expected) => {
    expect(read(email, given)).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    ["empty", "", "must be an e-mail address"],
    ["no domain", "artist", "must be an e-mail address"],
    ["no dot in its domain", "artist@example", "must be an e-mail address"],
    ["two", "a@example.com,b@example.com", "must be an e-mail address"],
    ["a header smuggled in", "a@example.com\nBcc: b@example.com", "must be an e-mail address"],
    ["a name beside it", "A <a@example.com>", "must be an e-mail address"],
    ["NUL", "a\0@example.com", "must be an e-mail address"],
    ["a lone surrogate", "a\ud800@example.com", "must be an e-mail address"],
    ["no text", 7, "must be a string"],
  ])("is not %s", (_, given, message) => {
    expect(read(email, given)).toEqual([message]);
  });

  test("has at most 254 characters", () => {
    const domain = `@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.example.com`;
    const longest = `${"a".repeat(254 - domain.length)}${domain}`;
    expect(read(email, longest)).toBe(longest);
    expect(read(email, `a${longest}`)).toEqual(["must be at most 254 characters"]);
  });
});

describe("text", () => {
  test.each(["a", "0123456789", "é😀", " a ", "日本語"])("%j is kept as it is", (given) => {
    expect(read(text(10), given)).toBe(given);
  });

  test.each<[string, unknown, string]>([
    ["empty", "", "must not be empty"],
    ["too long", "01234567890", "must be at most 10 characters"],
    ["NUL", "a\0b", "must not contain NUL characters"],
    ["a lone high surrogate", "a\ud83d", "must be well-formed Unicode"],
    ["a lone low surrogate", "\ude00a", "must be well-formed Unicode"],
    ["a number", 7, "must be a string"],
    ["null", null, "must be a string"],
    ["a list", ["a"], "must be a string"],
  ])("is refused: %s", (_, given, message) => {
    expect(read(text(10), given)).toEqual([message]);
  });
});

describe("a handle", () => {
  test.each(["p", "prod_abc123", "Prod.Tools-2", "me@example.com", "a:b"])("%j is one", (given) => {
    expect(read(handle(20), given)).toBe(given);
  });

  test.each(["_prod", "-prod", "prod tools", "prod/tools", "prod\n", "prodé", "../x", "a%2Fb"])(
    "%j is none",
    (given) => {
      expect(handle(20).safeParse(given).success).toBe(false);
    },
  );
});

test.each(["Floating", "", "subscription", null, 1])("%j is no license type", (given) => {
  expect(read(licenseType, given)).toEqual(['must be "per-machine", "floating" or "site"']);
});
