// What the demos have in common: they send, show and check.
import { readFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { join } from "node:path";
import { styleText } from "node:util";

export const url = (process.env.LATCHKEY_URL || "http://127.0.0.1:8787").replace(/\/+$/, "");
export const dataDir = process.env.DATA_DIR || ".latchkey";

/** For what the reader can mend: words instead of a stack trace. */
export class Stop extends Error {}

/** Runs a demo to its end, or to what stops it. */
export async function tell(demo) {
  await demo().catch((error) => {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  });
}

/** What the environment says, else what the server made for itself on its first start. */
export function secret(name, words) {
  if (process.env[name]) return process.env[name];
  const file = join(dataDir, "secrets", name);
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new Stop(
      `There is no ${words} in ${file}.\n` +
        "Start the server first, in another terminal: npm start\n" +
        `If its data is elsewhere, set DATA_DIR; if it was given a secret, set ${name}.`,
    );
  }
}

/** Sends one request (`raw` are the bytes of the body, where they count), shows it and its answer, and returns the answer's body. */
export async function call(name, body, { as, headers = {}, status = 200, raw } = {}) {
  const method = body ? "POST" : "GET";
  const shown = Object.entries(headers).map(([header, value]) => `${header}: ${value}`);
  const notes = [...(as ? [as.words] : []), ...shown].map((note) => `  ${note}`).join("");
  console.log(`  ${styleText("cyan", `${method} /${name}`)}${styleText("dim", notes)}`);
  if (body) console.log(readable(body));
  const response = await fetch(`${url}/${name}`, {
    method,
    headers: { "content-type": "application/json", ...as?.headers, ...headers },
    body: raw ?? (body && JSON.stringify(body)),
  }).catch((error) => {
    throw new Stop(
      `No server answers at ${url} (${error.cause?.code ?? error.message}).\n` +
        "Start one in another terminal: npm start\n" +
        "If it listens elsewhere, set LATCHKEY_URL.",
    );
  });
  const answer = await response.json().catch(() => undefined);
  if (!answer) throw new Stop(`What answers at ${url} is not Latchkey.`);
  const line = `${response.status} ${STATUS_CODES[response.status]}`;
  console.log(`  ${styleText(response.ok ? "green" : "yellow", line)}`);
  console.log(readable(answer));
  if (response.status === status) return answer;
  throw new Stop(
    response.status === 401 && as
      ? `The server at ${url} has another secret: is its data in another DATA_DIR?`
      : `The demo expected ${status} here.`,
  );
}

export function chapter(title) {
  console.log(`\n${styleText("bold", title)}`);
}

export function step(words) {
  console.log(`\n- ${words}`);
}

export function check(words, holds) {
  if (!holds) throw new Stop(`This should hold, and does not: ${words}.`);
  console.log(`  ${styleText("green", "ok")} ${words}`);
}

/** JSON that fits the screen; what is secret or long is cut. */
export function readable(value) {
  const text = JSON.stringify(value, shortened, 2);
  const line = text.replaceAll(/\n\s*/g, " ");
  return (line.length <= 96 ? line : text).replaceAll(/^/gm, "    ");
}

function shortened(name, value) {
  if (typeof value !== "string") return value;
  const [start] = value.split("\n");
  const kept =
    name === "apiKey" ? 9 : name === "token" || name === "rootSignature" ? 16 : undefined;
  if (kept === undefined && start === value) return value;
  return `${start.slice(0, kept)}... (${value.length} characters)`;
}
