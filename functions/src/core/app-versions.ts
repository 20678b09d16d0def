/** A published version of an app. */
export type AppVersion = {
  /** Derived from product and version. */
  id: string;
  accountId: string;
  productId: string;
  version: string;
  changelog: string;
  /** What each file of it must hash to, such as `sha256-…`. */
  fileHashes: Record<string, string>;
  downloadUrl: string | null;
  forceUpdate: boolean;
  createdAt: number;
  updatedAt: number;
};

/** What a product says of all its versions; a check for updates reads it first. */
export type AppRelease = {
  /** The product's. */
  id: string;
  accountId: string;
  versions: number;
  currentId: string | null;
  /** Those whose `forceUpdate` is set. */
  forced: { id: string; version: string; createdAt: number }[];
};

export const MAX_CHANGELOG_LENGTH = 5_000;
export const MAX_VERSION_LENGTH = 64;
/** Of a product: its forced ones stand in one document. */
export const MOST_VERSIONS = 1_000;

type Dated = { readonly version: string; readonly createdAt: number };

// Semantic Versioning 2.0.0, section 11; a leading v is common and says nothing.
const SEMVER =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

type Parsed = { readonly numbers: readonly bigint[]; readonly pre: readonly string[] };

function parsed(version: string): Parsed | undefined {
  const [, major, minor, patch, pre] = SEMVER.exec(version) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return { numbers: [major, minor, patch].map(BigInt), pre: pre?.split(".") ?? [] };
}

const order = <T extends bigint | string | number>(a: T, b: T): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** Negative where the first comes before the second; `undefined` where one of them is no semantic version. */
export function compareVersions(one: string, other: string): number | undefined {
  const [a, b] = [parsed(one), parsed(other)];
  if (!a || !b) return undefined;
  for (const [index, number] of a.numbers.entries()) {
    const difference = order(number, b.numbers[index] ?? 0n);
    if (difference !== 0) return difference;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return order(b.pre.length, a.pre.length);
  for (const [index, part] of a.pre.entries()) {
    const against = b.pre[index];
    if (against === undefined) return 1;
    const difference = comparePart(part, against);
    if (difference !== 0) return difference;
  }
  return order(a.pre.length, b.pre.length);
}

/** Numbers by value and before words. */
function comparePart(a: string, b: string): number {
  const [numeric, against] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numeric && against) return order(BigInt(a), BigInt(b));
  return numeric === against ? order(a, b) : numeric ? -1 : 1;
}

/** A client's version that nobody published and that has no order is older than all. */
function isNewer(version: Dated, client: { version: string; createdAt: number | null }): boolean {
  const compared = compareVersions(version.version, client.version);
  if (compared !== undefined) return compared > 0;
  return client.createdAt === null || version.createdAt > client.createdAt;
}

export type UpdateCheck = {
  readonly updateAvailable: boolean;
  readonly forceUpdate: boolean;
  readonly integrity: {
    readonly checked: boolean;
    /** Null while nothing was compared. */
    readonly valid: boolean | null;
    readonly mismatches: string[];
  };
};

/** Reference, section 18. */
export function checkUpdate(ask: {
  readonly release: AppRelease | undefined;
  readonly current: AppVersion | undefined;
  /** The published version that the client says it is. */
  readonly own: AppVersion | undefined;
  readonly client: {
    readonly version: string;
    readonly fileHashes: Readonly<Record<string, string>> | undefined;
  };
}): UpdateCheck {
  const { release, current, own, client } = ask;
  const dated = { version: client.version, createdAt: own?.createdAt ?? null };
  const forced = release?.forced.filter(({ version }) => version !== client.version) ?? [];
  return {
    updateAvailable: current !== undefined && current.version !== client.version,
    forceUpdate: forced.some((version) => isNewer(version, dated)),
    integrity: integrityOf(own, client.fileHashes),
  };
}

/** A file that the client does not name is no better than one that differs. */
function integrityOf(
  own: AppVersion | undefined,
  given: Readonly<Record<string, string>> | undefined,
): UpdateCheck["integrity"] {
  const expected = Object.entries(own?.fileHashes ?? {});
  if (!given || expected.length === 0) return { checked: false, valid: null, mismatches: [] };
  const mismatches = expected
    .filter(([name, hash]) => !Object.hasOwn(given, name) || given[name] !== hash)
    .map(([name]) => name);
  return { checked: true, valid: mismatches.length === 0, mismatches };
}

/** What the product says of its versions once this one is there or was changed; `current` undefined leaves that. */
export function releaseWith(
  release: AppRelease,
  { id, version, createdAt, forceUpdate }: AppVersion,
  current: boolean | undefined,
): AppRelease {
  const others = release.forced.filter((one) => one.id !== id);
  const cleared = release.currentId === id ? null : release.currentId;
  return {
    ...release,
    currentId: current === undefined ? release.currentId : current ? id : cleared,
    forced: forceUpdate ? [...others, { id, version, createdAt }] : others,
  };
}

/** The same once it is gone. */
export const releaseWithout = (release: AppRelease, version: AppVersion): AppRelease => ({
  ...releaseWith(release, { ...version, forceUpdate: false }, false),
  versions: Math.max(0, release.versions - 1),
});
