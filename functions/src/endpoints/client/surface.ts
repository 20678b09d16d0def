import type { RefusalCode } from "../../core/decision.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { licenseKey, machineFingerprint, sessionToken } from "../fields.ts";

type Options = Parameters<typeof nativeSurface>[0];

/** Client answers, with the reference's words for a missing field. */
export const clientSurface = (
  failure: Options["failure"],
  statuses: NonNullable<Options["statuses"]> = {},
) => nativeSurface({ failure, missingFields: "Missing required fields", statuses });

/** Answers under a session token: it was good, and the machine may no longer use the license. */
export const sessionSurface = (failure: Options["failure"]) =>
  clientSurface(failure, { NOT_ACTIVATED: 403 });

export const sessionFields = { licenseKey, machineFingerprint, token: sessionToken };

export const sessionRefusals = [
  "LICENSE_NOT_FOUND",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "LICENSE_REVOKED",
  "LICENSE_SUSPENDED",
  "LICENSE_EXPIRED",
  "NOT_ACTIVATED",
  "SEAT_LIMIT_REACHED",
] as const satisfies readonly RefusalCode[];
