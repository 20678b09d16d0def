import { readFileSync } from "node:fs";
import { openApiDocument } from "../../scripts/openapi-document.ts";
import { endpoints } from "../support/world.ts";

const document = openApiDocument([...endpoints.values()]);

test("docs/openapi.json is what the code says; `npm run generate` renews it", () => {
  expect(JSON.parse(readFileSync("docs/openapi.json", "utf8"))).toEqual(
    JSON.parse(JSON.stringify(document)),
  );
});

test("every exported function is described, with a summary and its own examples", () => {
  expect(Object.keys(document.paths ?? {})).toEqual(
    [...endpoints.keys()].sort().map((n) => `/${n}`),
  );
  for (const spec of endpoints.values()) expect(spec.summary).not.toBe("");
});
