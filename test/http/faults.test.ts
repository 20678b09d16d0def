import type { LogEntry } from "../../functions/src/http/edge.ts";
import { describe as describeError, problemOf } from "../../functions/src/http/faults.ts";
import { Problem, problemStatus } from "../../functions/src/http/problem.ts";
import {
  InvalidCursorError,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";

function handle(error: unknown) {
  const logs: LogEntry[] = [];
  const context = { requestId: "request-1", function: "activate" };
  const problem = problemOf(error, (entry) => logs.push(entry), context);
  return { problem, status: problemStatus[problem.code], logs };
}

const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJsaWNlbnNlS2V5IjoiayJ9.c2lnbmF0dXJl-_";

test("a problem is what it is, and no fault of ours", () => {
  const problem = new Problem("UNAUTHENTICATED", "apiKey is not valid");
  expect(handle(problem)).toEqual({ problem, status: 401, logs: [] });
});

test("a foreign cursor is the caller's mistake and names the field", () => {
  expect(handle(new InvalidCursorError("no"))).toMatchObject({
    status: 400,
    problem: { fields: [{ field: "cursor", message: "is not a cursor this list gave out" }] },
    logs: [],
  });
});

test("a store that does not answer is a 503 to be tried again, and a warning", () => {
  expect(handle(new StoreUnavailableError("deadline exceeded"))).toMatchObject({
    status: 503,
    problem: { code: "STORE_UNAVAILABLE", headers: { "Retry-After": "1" } },
    logs: [{ severity: "WARNING", error: expect.stringContaining("deadline exceeded") }],
  });
});

test("any other error is a 500 that says nothing, logged once with its stack and where it was", () => {
  const { problem, status, logs } = handle(new TypeError("seats is not iterable"));
  expect([status, problem.message]).toEqual([500, "Something went wrong on our side."]);
  expect(logs).toEqual([
    {
      severity: "ERROR",
      message: "a request failed",
      requestId: "request-1",
      function: "activate",
      error: expect.stringMatching(/^TypeError: seats is not iterable\n +at /),
    },
  ]);
});

test.each([
  ["a session token", TOKEN],
  ["a session token that was cut off", TOKEN.slice(0, 40)],
  ["an API key", "cgls_Zm9vYmFyLWJhel9xdXg"],
  ["a ProxGate key", `pk_live_${"0a".repeat(24)}`],
  ["a ProxGate test key", `pk_test_${"0a".repeat(24)}`],
  ["a refresh token", "ggr_Zm9vYmFyLWJhel9xdXg"],
  ["an invitation's token", `ggi_${"Zm9vYmFyLWJhel9xdXg".repeat(3)}`],
  ["a site's token", "20msqpwEjqCPLjGU7Lr7F92juJKLh3K2c95ASZogRc1k0Jn7nwgkg0rNfKRYIRli"],
  ["a webhook secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/aBcDeFg0o8="],
  ["a license key", "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD"],
  ["a GeckoGuard license key", "GG-7K3QZ-M9X2C-4TBWF-8U5RJ"],
  ["a license key in lower case", "7k3qz-m9x2c-4tbwf-8n5rj-p6hvd"],
  ["a license key with spaces", "7K3QZ M9X2C 4TBWF 8N5RJ P6HVD"],
  ["a license key without hyphens", "7K3QZM9X2C4TBWF8N5RJP6HVD"],
  ["a license key with look-alikes", "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVO"],
])("%s that an error quotes is not logged", (_, secret) => {
  const quoting = [
    new Error(`no document ${secret}`),
    new Error(`{"licenseKey":"${secret}"}`),
    new Error(`licenses/key_${secret}/activations`),
    new Error("outer", { cause: new Error(`inner ${secret}.`) }),
    `plain ${secret}`,
    { toString: () => `an object of ${secret}` },
    Object.assign(new Error("renamed"), { stack: undefined, message: secret }),
  ];
  for (const error of quoting) {
    const logged = JSON.stringify(handle(error).logs);
    expect(logged).toContain("[redacted]");
    expect(logged).not.toContain(secret);
    for (const part of secret.match(/\w{5,}/g) ?? []) expect(logged).not.toContain(part);
  }
});

test("what only looks a little like a secret stays readable", () => {
  const words =
    "processTicksAndRejections keyJson eyes cgls 2026-11-20T09:00:00.000Z 5f0c2c1e-0a1b-4c3d";
  expect(describeError(words)).toBe(words);
});

test("an error's causes are told, also when they lead in a circle", () => {
  const inner = new Error("inner");
  const outer = new Error("outer", { cause: inner });
  expect(describeError(outer)).toMatch(/^Error: outer\n[\s\S]+\ncaused by Error: inner\n/);
  inner.cause = outer;
  expect(describeError(outer)).toMatch(/^Error: outer\n[\s\S]+\ncaused by Error: inner\n/);
});

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["null", null],
  ["a symbol", Symbol("thrown")],
])("%s that was thrown is a 500, too", (_, thrown) => {
  expect(handle(thrown)).toMatchObject({ status: 500, logs: [{ severity: "ERROR" }] });
});
