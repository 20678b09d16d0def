import { createHmac } from "node:crypto";
import type { Delivery } from "../../core/webhooks.ts";

/** What a format says of a delivery. */
export type Outgoing = Pick<
  Delivery,
  "id" | "type" | "name" | "productId" | "licenseId" | "data" | "occurredAt"
>;

export type Signed = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

export type Format = {
  /** What receivers of the format call such an event; several where they know it as more than one. */
  readonly namesOf: (event: Pick<Outgoing, "type" | "data">) => readonly string[];
  /** The request of one attempt; `secrets` newest first, `attemptAt` in epoch milliseconds. */
  readonly sign: (
    event: Outgoing & { readonly name: string },
    secrets: readonly [string, ...string[]],
    attemptAt: number,
  ) => Promise<Signed>;
};

export const iso = (instant: number): string => new Date(instant).toISOString();

export const hmacHex = (secret: string, text: string): string =>
  createHmac("sha256", secret).update(text).digest("hex");
