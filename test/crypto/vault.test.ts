import fc from "fast-check";
import {
  createVault,
  derivedId,
  type Purpose,
  parseEncryptionKeys,
  sameSecret,
} from "../../functions/src/crypto/vault.ts";

const entry = (version: string, byte: number) => ({ version, key: Buffer.alloc(32, byte) });
const pepper = Buffer.alloc(32, 1);
const vault = createVault({ pepper, encryption: [entry("1", 2)] });

const purposes = [
  "license-key",
  "license-facet",
  "api-key",
  "signing-key",
  "idempotency",
  "admin-secret",
] as const;
const purpose = fc.constantFrom<Purpose>(...purposes);
const text = fc.string({ unit: "grapheme", maxLength: 200 });

describe("sealed text", () => {
  test("opens to what was sealed", () => {
    fc.assert(
      fc.property(purpose, text, (use, secret) => {
        expect(vault.open(use, vault.seal(use, secret))).toBe(secret);
      }),
    );
  });

  test("opens for its own purpose only", () => {
    for (const use of purposes) {
      const sealed = vault.seal(use, "secret");
      for (const other of purposes.filter((one) => one !== use)) {
        expect(() => vault.open(other, sealed)).toThrow();
      }
    }
  });

  test("is another each time, and holds nothing of the secret", () => {
    const [first, second] = [vault.seal("api-key", "cgls_abc"), vault.seal("api-key", "cgls_abc")];
    expect(first).not.toBe(second);
    expect(first).toMatch(/^1\.[\w-]{48}$/);
  });

  test("is refused when a bit of it is altered", () => {
    const bytes = Buffer.from(vault.seal("api-key", "a secret").slice(2), "base64url");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const altered = Buffer.from(bytes);
        altered.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        expect(() => vault.open("api-key", `1.${altered.toString("base64url")}`)).toThrow();
      }),
    );
  });

  test("is refused when a part of it is missing or more stands behind it", () => {
    const sealed = vault.seal("api-key", "a secret");
    for (let length = 0; length < sealed.length; length++) {
      expect(() => vault.open("api-key", sealed.slice(0, length))).toThrow();
    }
    for (const more of [".", "..", ".x", "x", "AAAA", "!", "="]) {
      expect(() => vault.open("api-key", sealed + more)).toThrow();
    }
  });

  test("opens after a rotation, while new text is sealed under the new key", () => {
    const sealed = vault.seal("signing-key", "secret");
    const rotated = createVault({ pepper, encryption: [entry("2", 3), entry("1", 2)] });
    expect(rotated.open("signing-key", sealed)).toBe("secret");
    const fresh = rotated.seal("signing-key", "secret");
    expect(fresh).toMatch(/^2\./);
    expect(() => vault.open("signing-key", fresh)).toThrow("No encryption key of version 2.");
  });

  test("is refused under another key of the same version", () => {
    const other = createVault({ pepper, encryption: [entry("1", 9)] });
    expect(() => other.open("api-key", vault.seal("api-key", "secret"))).toThrow();
  });
});

test("a vault without an encryption key is refused", () => {
  expect(() => createVault({ pepper, encryption: [] })).toThrow(RangeError);
});

describe("a hash", () => {
  test("is the same for the same secret, in every instance", () => {
    const again = createVault({ pepper, encryption: [entry("7", 7)] });
    expect(again.hash("api-key", "secret")).toBe(vault.hash("api-key", "secret"));
    expect(vault.hash("api-key", "secret")).toMatch(/^[\w-]{43}$/);
  });

  test("differs by secret, purpose and pepper", () => {
    const other = createVault({ pepper: Buffer.alloc(32, 8), encryption: [entry("1", 2)] });
    const hashes = [
      ...purposes.map((use) => vault.hash(use, "secret")),
      vault.hash("api-key", "Secret"),
      other.hash("api-key", "secret"),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe("encryption keys", () => {
  const key = "0f".repeat(32);

  test.each<[string, string[]]>([
    [`1:${key}`, ["1"]],
    [`2:${key},1:${key}`, ["2", "1"]],
    [` b2 : ${key}`.replaceAll(" : ", ":"), ["b2"]],
    [`2:${key.toUpperCase()} , 1:${key}\n`, ["2", "1"]],
  ])("%j are read, newest first", (given, versions) => {
    const keys = parseEncryptionKeys(given);
    expect(keys.map(({ version }) => version)).toEqual(versions);
    for (const one of keys) expect(one.key).toEqual(Buffer.from(key, "hex"));
  });

  test.each([
    ["nothing", ""],
    ["no version", key],
    ["an empty version", `:${key}`],
    ["a version of other characters", `v.1:${key}`],
    ["a long version", `${"v".repeat(17)}:${key}`],
    ["a short key", `1:${key.slice(2)}`],
    ["a long key", `1:${key}00`],
    ["a key that is not hex", `1:${"0g".repeat(32)}`],
    ["a comma at the end", `1:${key},`],
    ["another separator", `2:${key};1:${key}`],
    ["a version twice", `1:${key},1:${"ab".repeat(32)}`],
  ])("%s is refused without telling the key", (_, given) => {
    expect(() => parseEncryptionKeys(given)).toThrow(/^(?!.*0f0f)/);
    expect(() => parseEncryptionKeys(given)).toThrow(TypeError);
  });
});

describe("a derived id", () => {
  const parts = fc.array(fc.string({ unit: "binary", maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  });

  test("is another for other parts", () => {
    fc.assert(
      fc.property(parts, parts, ([kind = "", ...rest], [otherKind = "", ...otherRest]) => {
        const same = JSON.stringify([kind, ...rest]) === JSON.stringify([otherKind, ...otherRest]);
        expect(derivedId(kind, ...rest) === derivedId(otherKind, ...otherRest)).toBe(same);
      }),
    );
  });

  test.each([
    [
      ["a", "bc"],
      ["ab", "c"],
    ],
    [
      ["a", "b", "c"],
      ["a", "b,c"],
    ],
    [
      ["a", "b"],
      ["a", "b", ""],
    ],
    [
      ["a", '","'],
      ["a", "", ""],
    ],
    [
      ["a", "\ud800"],
      ["a", "\ufffd"],
    ],
    [
      ["a", "B"],
      ["a", "b"],
    ],
  ] as [string[], string[]][])("%j and %j stay apart", (one, other) => {
    const idOf = ([kind = "", ...rest]: string[]) => derivedId(kind, ...rest);
    expect(idOf(one)).not.toBe(idOf(other));
    expect(idOf(one)).toMatch(/^[\w-]{43}$/);
  });
});

test("secrets are the same when they are equal, whatever their lengths", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(sameSecret(one, other)).toBe(one === other);
      expect(sameSecret(one, one)).toBe(true);
      expect(sameSecret(one, `${one} `)).toBe(false);
    }),
  );
});
