import type { Totp, User } from "../../core/users.ts";
import { loadTotp } from "../../crypto/totp.ts";
import type { Deps } from "../deps.ts";

const SIX_DIGITS = /^\d{6}$/;
const BACKUP_CODES = 10;
const BACKUP_BYTES = 5;

/** The user's second factor with that code spent, or `undefined` where the code is none. */
export type SpendCode = (user: User, code: string, now: number) => Totp | undefined;

/** Loaded outside of the transaction that spends the code. */
export async function codeSpender({ vault }: Pick<Deps, "vault">): Promise<SpendCode> {
  const { stepOf } = await loadTotp();
  return ({ id, totp }, given, now) => {
    if (!totp) return undefined;
    const code = given.replaceAll(/[\s-]/g, "");
    if (SIX_DIGITS.test(code)) {
      const step = stepOf(vault.open("totp", totp.secretSealed), code, now);
      return step !== undefined && step > totp.lastStep ? { ...totp, lastStep: step } : undefined;
    }
    const spent = backupHash(vault, id, code);
    const backupHashes = totp.backupHashes.filter((hash) => hash !== spent);
    return backupHashes.length < totp.backupHashes.length ? { ...totp, backupHashes } : undefined;
  };
}

/** Codes for a lost phone, each good once: 40 bits, two groups of five hex digits. */
export function drawBackupCodes({ randomBytes, vault }: Deps, userId: string) {
  const codes = Array.from({ length: BACKUP_CODES }, () =>
    Buffer.from(randomBytes(BACKUP_BYTES)).toString("hex").replace(/^.{5}/, "$&-"),
  );
  const hashes = codes.map((code) => backupHash(vault, userId, code.replace("-", "")));
  return { codes, hashes };
}

const backupHash = (vault: Deps["vault"], userId: string, code: string): string =>
  vault.hash("backup-code", `${userId} ${code.toLowerCase()}`);
