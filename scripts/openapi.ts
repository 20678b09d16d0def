import { writeFileSync } from "node:fs";
import * as deployed from "../functions/src/index.ts";
import { openApiDocument } from "./openapi-document.ts";

const specs = Object.values(deployed).flatMap((exported) =>
  "spec" in exported ? [exported.spec] : [],
);
const content = `${JSON.stringify(openApiDocument(specs), undefined, 2)}\n`;
writeFileSync(new URL("../docs/openapi.json", import.meta.url), content);
