import { write } from "firebase-functions/logger";
import type { LogEntry } from "../http/edge.ts";

/** What a pipe takes whole while other processes write to it (POSIX's PIPE_BUF on Linux). */
const WHOLE_BYTES = 4_096;

/**
 * A log that writes the access lines of one turn of the event loop together, as a write for each
 * costs more than its line. What is worse than information is written at once, in its order.
 * The exit of the process writes the rest.
 */
export function createBatchedLog(
  output: { write: (text: string) => unknown } = process.stdout,
  atOnce: (entry: LogEntry) => void = write,
): (entry: LogEntry) => void {
  let pending = "";
  let waiting = false;
  const flush = () => {
    waiting = false;
    if (pending === "") return;
    const text = pending;
    pending = "";
    output.write(text);
  };
  process.once("exit", flush);
  return (entry) => {
    if (entry.severity !== "INFO") {
      flush();
      atOnce(entry);
      return;
    }
    const line = `${JSON.stringify(entry)}\n`;
    if (pending.length + line.length > WHOLE_BYTES) flush();
    pending += line;
    if (waiting) return;
    waiting = true;
    setImmediate(flush);
  };
}
