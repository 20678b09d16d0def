import type { LogEntry } from "../../functions/src/http/edge.ts";
import { createBatchedLog } from "../../functions/src/local/batched-log.ts";

const info = (message: string): LogEntry => ({ severity: "INFO", message });
const turn = () => new Promise(setImmediate);

let written: unknown[];
let log: (entry: LogEntry) => void;
beforeEach(() => {
  written = [];
  log = createBatchedLog({ write: (text) => written.push(text) }, (entry) => written.push(entry));
});

test("the lines of one turn of the event loop are one write, in their order", async () => {
  for (const message of ["a", "b", "c"]) log(info(message));
  expect(written).toEqual([]);
  await turn();
  const lines = ["a", "b", "c"].map((message) => `${JSON.stringify(info(message))}\n`);
  expect(written).toEqual([lines.join("")]);
  log(info("d"));
  await turn();
  expect(written).toHaveLength(2);
});

test.each(["WARNING", "ERROR"] as const)(
  "%s is written at once, after what came before",
  (severity) => {
    log(info("before"));
    const fault = { severity, message: "a fault" };
    log(fault);
    expect(written).toEqual([`${JSON.stringify(info("before"))}\n`, fault]);
  },
);

test("a write is never more than a pipe takes whole, and never breaks a line", async () => {
  for (let n = 0; n < 500; n++) log(info("x".repeat(n)));
  await turn();
  for (const text of written as string[]) {
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(text.endsWith("\n")).toBe(true);
  }
  const lines = written.join("").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).message.length)).toEqual([...Array(500).keys()]);
});
