import { readFileSync } from "node:fs";
import { join } from "node:path";

type Json = { [field: string]: Json };

/** A fixture as it would come, with the fields at these dotted paths changed; undefined leaves one out. */
export function payload(fixture: string, changes: Record<string, unknown> = {}): Buffer {
  const raw = readFileSync(join(__dirname, "fixtures", `${fixture}.json`));
  if (Object.keys(changes).length === 0) {
    return raw;
  }
  const root: Json = JSON.parse(raw.toString());
  for (const [path, value] of Object.entries(changes)) {
    const fields = path.split(".");
    const last = fields.pop() as string;
    const parent = fields.reduce((node, field) => node[field] as Json, root);
    parent[last] = value as Json;
  }
  return Buffer.from(JSON.stringify(root));
}
