import { findByPaymentId } from "../../functions/src/operations/products/payment-ids.ts";
import { products } from "../../functions/src/store/collections.ts";
import { countedOf, licenseOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import { raceForAttempts, raceForMachines, raceForSeats, raceForTrials } from "../support/races.ts";
import { ADMIN_SECRET, openWorld, type Reply, type World } from "../support/world.ts";

describe.each(useEngines())("$name: 200 parallel requests", ({ open, retries }) => {
  let world: World;
  afterEach(() => world.close());

  const counted = (licenseKey: string) => countedOf(world, licenseKey);

  test("never put a fourth machine on a license of three, and the counter is the records", async () => {
    world = await openWorld({ store: open(), settings: { activationAttemptsPerHour: 100_000 } });
    for (const licenseKey of await raceForMachines([world], { retries })) {
      expect(await counted(licenseKey)).toEqual({
        machinesUsed: 3,
        seatsUsed: 0,
        activations: 3,
        seats: 0,
      });
    }
  });

  test("let exactly 15 attempts an hour through", async () => {
    world = await openWorld({ store: open() });
    const licenseKey = await raceForAttempts([world], { retries });
    expect((await licenseOf(world, licenseKey)).attempts.count).toBe(15);
    expect(await counted(licenseKey)).toMatchObject({ machinesUsed: 3, activations: 3 });
  });

  test("never take a sixth seat of a pool of five, and the counter is the records", async () => {
    world = await openWorld({ store: open(), settings: { activationAttemptsPerHour: 100_000 } });
    const licenseKey = await raceForSeats([world], { retries });
    expect(await counted(licenseKey)).toEqual({
      machinesUsed: 0,
      seatsUsed: 5,
      activations: 5,
      seats: 5,
    });
  });

  test("leave one working secret of 20 rotations, and none after a revocation among them", async () => {
    world = await openWorld({ store: open() });
    const works = async (apiKey: unknown) =>
      (await world.call("getLicense", { licenseKey: "nope", apiKey })).status === 404;
    const rotations = (keyId: unknown, count: number) =>
      Array.from({ length: count }, async () => {
        const options = { headers: { "x-admin-secret": ADMIN_SECRET } };
        const { status, body } = await world.call("rotateApiKey", { keyId }, options);
        expect([200, 409, 503]).toContain(status);
        return body["apiKey"];
      });
    const secretsThatWork = async (secrets: readonly unknown[]) =>
      (await Promise.all(secrets.map(works))).filter(Boolean).length;

    const one = await world.admin("createApiKey", { name: "k" });
    const drawn = await Promise.all(rotations(one["keyId"], 20));
    const secrets = [one["apiKey"], ...drawn.filter(Boolean)];
    expect(secrets.length).toBeGreaterThan(1);
    expect(await secretsThatWork(secrets)).toBe(1);

    const two = await world.admin("createApiKey", { name: "k" });
    const [, ...late] = await Promise.all([
      world.admin("revokeApiKey", { keyId: two["keyId"] }),
      ...rotations(two["keyId"], 5),
    ]);
    expect(await secretsThatWork([two["apiKey"], ...late.filter(Boolean)])).toBe(0);
  });

  test("give an id of a payment provider to one of 20 products", async () => {
    world = await openWorld({ store: open() });
    const headers = { "x-admin-secret": ADMIN_SECRET };
    const names = Array.from({ length: 20 }, (_, index) => `prod_${index}`);
    // Half are there already, half come with the id.
    for (const productId of names.slice(10)) {
      await world.admin("createProduct", { name: "x", productId });
    }
    const claim = async (productId: string, index: number, left = retries): Promise<Reply> => {
      const paymentIds = { stripe: [{ id: "price_1", variant: productId }, `own_${productId}`] };
      const [name, body] =
        index < 10
          ? ["createProduct", { name: "x", productId, paymentIds }]
          : ["updateProduct", { productId, paymentIds }];
      const reply = await world.call(name as string, body, { headers });
      return reply.status === 503 && left > 0 ? claim(productId, index, left - 1) : reply;
    };
    const replies = await Promise.all(names.map((name, index) => claim(name, index)));
    const winners = names.filter((_, index) => replies[index]?.status === 200);
    expect(winners).toHaveLength(1);
    const refused = replies.filter(({ body }) => body["code"] === "PAYMENT_ID_TAKEN");
    expect(refused).toHaveLength(19);
    const found = await findByPaymentId(world.store, "stripe", ["price_1"]);
    expect(found?.variant).toBe(winners[0]);
    const product = await world.store.get(products, found?.productId ?? "");
    expect(product).toMatchObject({ handle: winners[0], paymentIds: [{}, {}] });
    // Who lost has nothing else of what it asked for either.
    for (const name of names) {
      const own = await findByPaymentId(world.store, "stripe", [`own_${name}`]);
      expect(own !== undefined).toBe(name === winners[0]);
    }
  });

  test("redeem a code of 10 uses 10 times, and give one address one trial", async () => {
    world = await openWorld({ store: open() });
    const { keys, uses } = await raceForTrials([world], { retries });
    expect(uses).toEqual({ TEN: 10, ENDLESS: 1 });
    expect(new Set(keys).size).toBe(11);
    for (const key of keys) {
      expect(await licenseOf(world, key)).toMatchObject({ variant: "trial" });
    }
  });
});
