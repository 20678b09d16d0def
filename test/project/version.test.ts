import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../functions/src/version.ts";

test.each(["package.json", "functions/package.json"])(
  "the version that the service tells is the one of %s",
  (path) => {
    const manifest = readFileSync(join(__dirname, "../..", path), "utf8");
    expect(JSON.parse(manifest)).toMatchObject({ version: VERSION });
  },
);
