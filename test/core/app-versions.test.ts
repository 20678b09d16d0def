import {
  type AppVersion,
  checkUpdate,
  compareVersions,
} from "../../functions/src/core/app-versions.ts";

test("versions are ordered as Semantic Versioning says, section 11", () => {
  const ordered = [
    ...["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
    ...["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.10.0", "v10.0.0"],
    "99999999999999999999.0.0",
  ];
  for (const [at, one] of ordered.entries()) {
    for (const [against, other] of ordered.entries()) {
      expect([one, other, Math.sign(compareVersions(one, other) ?? Number.NaN)]).toEqual([
        one,
        other,
        Math.sign(at - against),
      ]);
    }
  }
  expect(compareVersions("1.0.0+a", "1.0.0+b")).toBe(0);
});

test.each(["1.0", "1.0.0.0", "01.0.0", "1.0.0-", "", "beta", "1.0.0-a..b"])(
  "%j is no semantic version",
  (version) => expect(compareVersions(version, "1.0.0")).toBeUndefined(),
);

const version = (name: string, createdAt: number, more: Partial<AppVersion> = {}): AppVersion => ({
  ...{ id: name, accountId: "a", productId: "p", version: name, changelog: "", fileHashes: {} },
  ...{ downloadUrl: null, forceUpdate: false, createdAt, updatedAt: createdAt, ...more },
});
const release = (...forced: AppVersion[]) => ({
  ...{ id: "p", accountId: "a", versions: 9, currentId: null, forced },
});
const check = (client: string, own: AppVersion | undefined, ...forced: AppVersion[]) =>
  checkUpdate({
    ...{ release: release(...forced), current: version("2.0.0", 5), own },
    client: { version: client, fileHashes: undefined },
  });

test.each<[string, string, AppVersion | undefined, AppVersion[], boolean]>([
  ["a newer one", "1.0.0", undefined, [version("1.5.0", 1)], true],
  ["an older one", "1.6.0", undefined, [version("1.5.0", 9)], false],
  ["its own", "1.5.0", version("1.5.0", 1), [version("1.5.0", 1)], false],
  ["a later one without order", "1.0.0", version("1.0.0", 2), [version("spring", 3)], true],
  ["an earlier one without order", "1.0.0", version("1.0.0", 4), [version("spring", 3)], false],
  ["any, where nobody knows the client's", "nightly", undefined, [version("1.0.0", 1)], true],
  ["none", "0.1.0", undefined, [], false],
])("a forced version that is %s", (_, client, own, forced, forceUpdate) =>
  expect(check(client, own, ...forced).forceUpdate).toBe(forceUpdate),
);

const hashes = { "app.exe": "sha256-a", "lib.dll": "sha256-b" };
const own = version("1.0.0", 1, { fileHashes: hashes });
test.each<[string, AppVersion | undefined, Record<string, string> | undefined, unknown]>([
  [
    "are the same",
    own,
    { ...hashes, "more.txt": "x" },
    { checked: true, valid: true, mismatches: [] },
  ],
  [
    "differ, or are left out",
    own,
    { "app.exe": "sha256-A" },
    { checked: true, valid: false, mismatches: ["app.exe", "lib.dll"] },
  ],
  ["were not sent", own, undefined, { checked: false, valid: null, mismatches: [] }],
  ["are of no known version", undefined, hashes, { checked: false, valid: null, mismatches: [] }],
  [
    "are of a version that says none",
    version("1.0.0", 1),
    hashes,
    { checked: false, valid: null, mismatches: [] },
  ],
])("hashes that %s", (_, of, fileHashes, integrity) => {
  const client = { version: "1.0.0", fileHashes };
  const asked = { release: undefined, current: undefined, own: of, client };
  expect(checkUpdate(asked)).toMatchObject({ updateAvailable: false, integrity });
});
