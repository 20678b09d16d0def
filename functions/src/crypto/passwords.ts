import { type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** What one hash costs: memory is 128 · `blockSize` · 2^`logCost` bytes. */
export type PasswordCost = {
  readonly logCost: number;
  readonly blockSize: number;
  readonly lanes: number;
};

export type Passwords = {
  readonly hash: (password: string, salt: Uint8Array) => Promise<string>;
  /** With no hash to compare with it does the same work, and the answer is no. */
  readonly verify: (password: string, stored: string | undefined) => Promise<boolean>;
};

/** OWASP's Password Storage Cheat Sheet: one of the equivalent choices for scrypt, 32 MiB. */
export const PASSWORD_COST: PasswordCost = { logCost: 15, blockSize: 8, lanes: 3 };
export const SALT_BYTES = 16;
const HASH_BYTES = 32;
const STORED = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/;

/** Hashes at most `atOnce` passwords at the same time: an instance has little memory. */
export function createPasswords({
  cost = PASSWORD_COST,
  atOnce = 2,
}: {
  readonly cost?: PasswordCost;
  readonly atOnce?: number;
} = {}): Passwords {
  const inTurn = createTurns(atOnce);
  const derive = (password: string, salt: Uint8Array, by: PasswordCost) =>
    inTurn(() => derived(password, salt, by));
  const decoy = storedForm(cost, new Uint8Array(SALT_BYTES), new Uint8Array(HASH_BYTES));
  return {
    hash: async (password, salt) => storedForm(cost, salt, await derive(password, salt, cost)),
    async verify(password, stored) {
      const { by, salt, hash } = parsed(stored ?? decoy);
      const same = timingSafeEqual(await derive(password, salt, by), hash);
      return stored !== undefined && same;
    },
  };
}

const storedForm = ({ logCost, blockSize, lanes }: PasswordCost, ...parts: Uint8Array[]) =>
  [
    "scrypt",
    logCost,
    blockSize,
    lanes,
    ...parts.map((part) => Buffer.from(part).toString("base64url")),
  ].join("$");

function parsed(stored: string) {
  const [, logCost, blockSize, lanes, salt = "", hash = ""] = STORED.exec(stored) ?? [];
  if (hash === "") throw new Error("A stored password has another form.");
  return {
    by: { logCost: Number(logCost), blockSize: Number(blockSize), lanes: Number(lanes) },
    salt: Buffer.from(salt, "base64url"),
    hash: Buffer.from(hash, "base64url"),
  };
}

function derived(password: string, salt: Uint8Array, { logCost, blockSize, lanes }: PasswordCost) {
  const N = 2 ** logCost;
  const options: ScryptOptions = { N, r: blockSize, p: lanes, maxmem: 256 * N * blockSize };
  return new Promise<Buffer>((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function createTurns(atOnce: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) await new Promise<void>((turn) => waiting.push(turn));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
