import { databasePath, vaultOf } from "../../functions/src/config.ts";
import type { License } from "../../functions/src/core/records.ts";
import { parseEncryptionKeys } from "../../functions/src/crypto/vault.ts";
import { handleReservationId } from "../../functions/src/operations/products/find-product.ts";
import { activations, collections, reservations } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { activation } from "../../test/support/records.ts";
import { seedCodes } from "../../test/support/seed-codes.ts";
import { seedKey, seedLicenses } from "../../test/support/seed-licenses.ts";

const AT_ONCE = 1_000;
const FAR = Date.parse("2100-01-01T00:00:00Z");

export type Seeder = Awaited<ReturnType<typeof openSeeder>>;

/** Files records beside a running server, without a request for each. */
export async function openSeeder(ask: {
  dataDir: string;
  secrets: { LOOKUP_PEPPER: string; ENCRYPTION_KEYS: string };
  /** The handle of a product that the server has. */
  productHandle: string;
}) {
  const store = openSqliteStore({
    path: databasePath(ask.dataDir),
    collections,
    synchronous: "NORMAL",
  });
  const { LOOKUP_PEPPER, ENCRYPTION_KEYS } = ask.secrets;
  const vault = vaultOf({ LOOKUP_PEPPER, ENCRYPTION_KEYS: parseEncryptionKeys(ENCRYPTION_KEYS) });
  const product = await store.get(reservations, handleReservationId(ask.productHandle));
  if (!product) throw new Error(`there is no product ${ask.productHandle}`);
  const { targetId: productId, accountId } = product;

  return {
    /** Returns the keys. */
    async licenses(count: number, terms: (index: number) => Partial<License>): Promise<string[]> {
      for (let from = 0; from < count; from += AT_ONCE) {
        const size = Math.min(AT_ONCE, count - from);
        const changes = Array.from({ length: size }, (_, index) => ({
          productId,
          accountId,
          createdAt: Date.now() + from + index,
          ...terms(from + index),
        }));
        await seedLicenses({ store, vault }, changes, from);
      }
      return Array.from({ length: count }, (_, index) => seedKey(index));
    },
    /** One floating license with so many of its seats taken; returns its key. */
    async pool(seats: number, taken: number): Promise<string> {
      const terms = {
        productId,
        accountId,
        licenseType: "floating",
        maxConcurrent: seats,
      } as const;
      const [license] = await seedLicenses({ store, vault }, [{ ...terms, seatsUsed: taken }]);
      if (!license) throw new Error("no license");
      const seat = { licenseId: license.id, productId, accountId, seatExpiresAt: FAR };
      for (let from = 0; from < taken; from += AT_ONCE) {
        await store.commit(
          Array.from({ length: Math.min(AT_ONCE, taken - from) }, (_, index) => {
            const name = `taken-${from + index}`;
            const record = activation({ ...seat, id: name, fingerprint: name, hostname: name });
            return { kind: "create" as const, collection: activations, record };
          }),
        );
      }
      return seedKey(0);
    },
    async codes(count: number): Promise<string[]> {
      const texts = Array.from({ length: count }, (_, n) => `BENCH${String(n).padStart(7, "0")}`);
      await seedCodes(store, productId, texts, () => ({ accountId }));
      return texts;
    },
    close: () => store.close(),
  };
}
