import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startFirestoreDouble } from "./server.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, indexes: { type: "string" } },
});

const double = await startFirestoreDouble({
  port: Number(values.port),
  indexes: values.indexes && JSON.parse(readFileSync(values.indexes, "utf8")),
});

process.once("SIGTERM", () => void double.close().then(() => process.exit(0)));

console.log(`firestore double on ${double.host}`);
