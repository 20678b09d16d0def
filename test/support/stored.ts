import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Activation, License } from "../../functions/src/core/records.ts";
import { after, type Customer, emailOf } from "./customers.ts";

export const fileIn = (dataDir: string) => join(dataDir, "latchkey.sqlite");

export type Stored = ReturnType<typeof stored>;

/** What the file holds, past everything that could paper over it. */
export function stored(dataDir: string) {
  const database = new DatabaseSync(fileIn(dataDir), { readOnly: true });
  const rows = <T>(table: string) =>
    database
      .prepare(`SELECT json FROM ${table}`)
      .all()
      .map((row) => JSON.parse(String(row["json"])) as T);
  const found = {
    licenses: rows<License>("licenses"),
    activations: rows<Activation>("activations"),
  };
  database.close();
  return found;
}

const nameOf = (activation: Activation) => activation.fingerprint.slice("fp-".length);

/** No answered request is lost, and one that was not answered was done whole or not at all. */
export function expectAnswered(found: Stored, customers: readonly Customer[]): void {
  const byEmail = new Map(found.licenses.map((license) => [license.email, license]));
  const byLicense = Map.groupBy(found.activations, ({ licenseId }) => licenseId);
  for (const { licenses, inDoubt } of customers) {
    for (const { email, machines, seatEnds } of licenses) {
      const doubt = email === licenses.at(-1)?.email ? inDoubt() : undefined;
      const license = byEmail.get(email);
      const activations = byLicense.get(license?.id ?? "") ?? [];
      expect([machines, after(machines, doubt)]).toContainEqual(new Set(activations.map(nameOf)));
      for (const activation of activations) {
        const end = seatEnds.get(nameOf(activation));
        if (activation.seatExpiresAt === null || end === undefined) continue;
        if (doubt?.machine === nameOf(activation)) {
          expect(activation.seatExpiresAt).toBeGreaterThanOrEqual(end);
        } else expect(activation.seatExpiresAt).toBe(end);
      }
    }
  }
}

/** A license for every answer, and none that nobody asked for. */
export function expectLicenses(found: Stored, customers: readonly Customer[]): void {
  const answered = customers.flatMap(({ licenses }) => licenses.map(({ email }) => email));
  const inDoubt = customers.flatMap(({ name, licenses, inDoubt }) =>
    inDoubt()?.name === "createLicense" ? [emailOf(name, licenses.length)] : [],
  );
  const emails = new Set(found.licenses.map(({ email }) => email));
  expect(emails.size).toBe(found.licenses.length);
  expect(answered.filter((email) => !emails.has(email))).toEqual([]);
  const asked = new Set([...answered, ...inDoubt]);
  expect([...emails].filter((email) => !asked.has(email))).toEqual([]);
}

/** Every counter is its records, and no record is without its license. */
export function expectCounted(found: Stored): void {
  const known = new Set(found.licenses.map(({ id }) => id));
  const byLicense = Map.groupBy(found.activations, ({ licenseId }) => licenseId);
  expect(found.activations.filter(({ licenseId }) => !known.has(licenseId))).toEqual([]);
  for (const { id, licenseType, machinesUsed, seatsUsed } of found.licenses) {
    const held = byLicense.get(id)?.length ?? 0;
    expect({ licenseType, machinesUsed, seatsUsed }).toEqual(
      licenseType === "floating"
        ? { licenseType, machinesUsed: 0, seatsUsed: held }
        : { licenseType, machinesUsed: held, seatsUsed: 0 },
    );
  }
}
