import { readFileSync } from "node:fs";
import { join } from "node:path";

type Entry = {
  version?: string;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};
type Lock = { packages: Record<string, Entry> };
type Manifest = { name: string; version: string; dependencies: Record<string, string> };

const read = <T>(path: string): T =>
  JSON.parse(readFileSync(join(__dirname, "../..", path), "utf8"));

const manifest = read<Manifest>("functions/package.json");
const workspace = read<Lock>("package-lock.json");
const deployed = read<Lock>("functions/package-lock.json");

const REGENERATE = 'run "npm run lock:functions"';

const versions = ({ packages }: Lock) =>
  Object.entries(packages).flatMap(([path, { version }]) => {
    const name = path.split("node_modules/").slice(1).at(-1);
    return name && version ? [`${name}@${version}`] : [];
  });

describe("the lock file of functions/", () => {
  test(`is of functions/package.json; else ${REGENERATE}`, () => {
    const { name, version, dependencies } = manifest;
    expect(deployed.packages[""]).toMatchObject({ name, version, dependencies });
    expect(deployed.packages[""]?.dependencies).toEqual(dependencies);
  });

  test.each(Object.entries(manifest.dependencies))(
    `holds %s at %s, as the workspace does; else ${REGENERATE}`,
    (name, version) => {
      const path = `node_modules/${name}`;
      const tested = workspace.packages[`functions/${path}`] ?? workspace.packages[path];
      expect(deployed.packages[path]?.version).toBe(version);
      expect(tested?.version).toBe(version);
    },
  );

  test(`deploys no version that was not tested; else ${REGENERATE}`, () => {
    const tested = new Set(versions(workspace));
    expect(versions(deployed).filter((version) => !tested.has(version))).toEqual([]);
  });
});

const LOCKS = ["package-lock.json", "functions/package-lock.json"];

/** Where npm looks for what the package at `path` needs: beside it, then further out. */
const places = (path: string, name: string): string[] => {
  const place = `${path && `${path}/`}node_modules/${name}`;
  if (path === "") return [place];
  const outer = path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/")));
  return [place, ...places(outer, name)];
};

test.each(LOCKS)("%s is whole for every platform, or `npm ci` refuses it", (path) => {
  const { packages } = read<Lock>(path);
  const missing = Object.entries(packages).flatMap(([from, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }).filter(
      (name) => !places(from, name).some((place) => packages[place]),
    ),
  );
  expect(missing).toEqual([]);
});

test.each(LOCKS)(
  "%s names no registry: where packages come from is the machine's business",
  (path) => {
    const { packages } = read<Lock>(path);
    const addresses = Object.values(packages).flatMap(({ resolved = "" }) =>
      /^[a-z+]+:/.test(resolved) ? [resolved] : [],
    );
    expect(addresses).toEqual([]);
  },
);
