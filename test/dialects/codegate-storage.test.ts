import { type Project, project, putCodes, sendRaw, signedCall } from "../support/codegate.ts";
import { useEngines } from "../support/engines.ts";
import { productOf } from "../support/products.ts";
import { seedCodes } from "../support/seed-codes.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let owner: Project;
const opened = async (store?: World["store"]) => {
  const settings = { codegateRequestsPerMinute: 0 };
  world = await openWorld(store ? { store, settings } : { settings });
  owner = await project(world);
};
afterEach(() => world.close());

type Ask = Omit<Parameters<typeof signedCall>[1], "at">;
const signed = (ask: Ask) => signedCall(owner, { ...ask, at: world.clock.now() });
const verify = { path: "/codes/verify", body: { code: "A" } };

test("a search among many codes costs its page, the key and the product", async () => {
  await opened();
  const { id } = await productOf(world, owner.projectId);
  const texts = Array.from({ length: 3_000 }, (_, n) => `CODE-${n.toString(36).toUpperCase()}`);
  await seedCodes(world.store, id, texts);
  for (const page of [1, 2, 20]) {
    const query = { page, page_size: 50, search: "de-2" };
    const { body } = await sendRaw(world.url, signed({ path: "/codes", query }));
    expect(body["total"]).toBe(texts.filter((text) => text.includes("DE-2")).length);
    const { reads, aggregates } = world.touched();
    expect(reads).toBeLessThanOrEqual(50 + 5);
    expect(aggregates).toBe(1);
  }
});

describe.each(useEngines())("on $name", ({ open, retries }) => {
  beforeEach(() => opened(open()));

  test("of a hundred redemptions at once one is made, and every attempt is in the log", async () => {
    await putCodes(world, owner, [{ text: "A" }]);
    const attempt = async () => {
      for (let again = 0; ; again++) {
        const heard = await sendRaw(world.url, signed(verify));
        if (heard.status !== 503 || again >= retries) return heard;
      }
    };
    const answers = await Promise.all(Array.from({ length: 100 }, attempt));
    expect(answers.filter(({ body }) => body["success"] === true)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body["error_code"]))).toEqual(
      new Set([null, "CODE_ALREADY_USED"]),
    );
    const { body } = await sendRaw(world.url, signed({ code: "A" }));
    const results = (body["verification_logs"] as { result: string }[]).map(({ result }) => result);
    expect(results.filter((result) => result === "success")).toHaveLength(1);
  });

  test("a code that is redeemed, reactivated and redeemed within a second is redeemed twice", async () => {
    await putCodes(world, owner, [{ text: "A" }]);
    const reactivation = signed({ path: "/codes/reactivate", body: { code: "A" } });
    for (const call of [signed(verify), reactivation, signed(verify), reactivation]) {
      expect((await sendRaw(world.url, call)).body).toMatchObject({ success: true });
    }
  });

  test("a request that is sent again within its window changes nothing twice", async () => {
    await putCodes(world, owner, [{ text: "A" }]);
    const captured = signed(verify);
    expect((await sendRaw(world.url, captured)).body).toMatchObject({ success: true });
    const reactivation = signed({ path: "/codes/reactivate", body: { code: "A" } });
    expect((await sendRaw(world.url, captured)).body).toMatchObject({ success: false });
    expect((await sendRaw(world.url, reactivation)).body).toMatchObject({ success: true });
    world.clock.advance(3_000);
    // Whoever recorded the first redemption must not use the code up again.
    expect((await sendRaw(world.url, captured)).body).toMatchObject({
      success: false,
      error_code: "CODE_ALREADY_USED",
    });
    expect((await sendRaw(world.url, signed(verify))).body).toMatchObject({ success: true });
    expect((await sendRaw(world.url, reactivation)).body).toMatchObject({
      success: false,
      error_code: "CODE_ALREADY_UNUSED",
    });
  });
});
