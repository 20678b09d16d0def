import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { EVENT_TYPES } from "../../functions/src/core/events.ts";
import { FORMATS, nextAttemptAt } from "../../functions/src/core/webhooks.ts";

const page = readFileSync("docs/webhooks.md", "utf8");

test("docs/webhooks.md has a row for every type of event, and no other", () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` +\|/gm)].map(([, type]) => type);
  expect(rows).toEqual(EVENT_TYPES);
});

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 };

test.each(FORMATS)("the attempts of %s are those that are made", (format) => {
  const row = new RegExp(`^\\| \`${format}\` +\\| at once +\\|(.*)\\|$`, "m").exec(page)?.[1] ?? "";
  const told = row.split("|").flatMap((cell) => {
    const parts = [...cell.matchAll(/(\d+) (s|min|h)\b/g)];
    const ms = parts.map(([, count, unit]) => Number(count) * (UNITS_MS[unit ?? ""] ?? 0));
    return ms.length === 0 ? [] : [ms.reduce((sum, one) => sum + one)];
  });
  const made = Array.from({ length: 8 }, (_, done) => nextAttemptAt(format, done + 1, 0, 0));
  const minutes = (ms: number) => (ms < 60_000 ? ms : Math.round(ms / 60_000) * 60_000);
  expect(told).toEqual(made.filter((ms) => ms !== undefined).map(minutes));
});

/** What the format's recipe says of a request. */
function verified(format: string, ask: readonly unknown[]): unknown {
  const recipe = new RegExp(`^\`\`\`js ${format}\\n(.*?)^\`\`\``, "ms").exec(page)?.[1];
  const program = `${recipe}\nconsole.log(verify(...${JSON.stringify(ask)}))`;
  const options = ["--input-type=module", "--eval", program];
  return execFileSync(process.execPath, options, { encoding: "utf8" }).trim() === "true";
}

test("the recipe of proxgate passes the worked example and nothing that was altered", () => {
  const body =
    '{"id":"3f1c9a52-6c0e-4a53-9d0e-0d5f6b1f7a11","event":"LICENSE_ACTIVATED","created_at":"2024-01-02T00:00:00.000Z","data":{"license_key":"ABCD-EFGH-JKLM-NPQR"}}';
  const signature = "7ea60a81790d8995acbed6b7e717c006303455ef1798335749ba4b57d7dfe822";
  const ask = (text: string, given: Record<string, string>) =>
    verified("proxgate", ["whsec_test_secret", given, text]);
  expect(ask(body, { "x-proxgate-signature": signature })).toBe(true);
  expect(ask(`${body} `, { "x-proxgate-signature": signature })).toBe(false);
  expect(ask(body, {})).toBe(false);
});

test("the recipe of geckoguard passes the worked example in its time and nothing that was altered", () => {
  const body = JSON.stringify({
    event: "license.authorized",
    data: {
      licenseId: "9c1a8b2e-4d1f-4c55-8a0e-2b7d6f3e1a90",
      productId: "3b6f0a52-6a0e-4a55-9a5c-2f6f3b1f7c11",
      wasActivated: true,
      effectiveExpiresAt: "2026-12-31T23:59:59.000Z",
    },
    timestamp: "2026-04-29T14:32:11.000Z",
  });
  const v1 = "56031a51a47da66a520693b9c74c75dde9d1fd1f2307e018d9959586ac73773b";
  const ask = (text: string, signature: string, seconds: number) =>
    verified("geckoguard", [
      "whsec_9b1d5e3f7a2c4b6d8e0f1a2b3c4d5e6f",
      { "x-geckoguard-signature-v2": signature },
      text,
      seconds * 1_000,
    ]);
  const sentAt = 1_777_473_131;
  const signature = `t=${sentAt},v1=${v1}`;
  expect(ask(body, signature, sentAt + 300)).toBe(true);
  expect(ask(body, `t=${sentAt},v1=${"0".repeat(64)},v1=${v1}`, sentAt)).toBe(true);
  expect(ask(body, signature, sentAt + 301)).toBe(false);
  expect(ask(`${body} `, signature, sentAt)).toBe(false);
  expect(ask(body, `t=${sentAt + 1},v1=${v1}`, sentAt)).toBe(false);
  expect(ask(body, "", sentAt)).toBe(false);
});
