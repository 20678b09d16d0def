import { redemptionCodeId } from "../../functions/src/operations/redemption-codes/find-code.ts";
import { codeLog } from "../../functions/src/operations/redemption-codes/log.ts";
import { reactivateCode } from "../../functions/src/operations/redemption-codes/reactivate-code.ts";
import { redeemCode } from "../../functions/src/operations/redemption-codes/redeem-code.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { productOf } from "../support/products.ts";
import { openWorld } from "../support/world.ts";

describe.each(useEngines())("on $name", ({ open }) => {
  test("100 redeem one code at once: one does, and its log has every attempt", async () => {
    const world = await openWorld({ store: open() });
    await world.admin("createProduct", { name: "T", productId: "prod_tools" });
    const { id: productId } = await productOf(world);
    await world.admin("createCodes", { productId: "prod_tools", codes: ["ONE"] });
    const redeemed = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        patiently(() => redeemCode(world.deps, { productId, text: "ONE", usedBy: `user-${n}` })),
      ),
    );
    expect(redeemed.filter(({ ok }) => ok)).toHaveLength(1);
    const refusals = redeemed.map((one) => (one.ok ? "" : one.code)).filter(Boolean);
    expect(new Set(refusals)).toEqual(new Set(["REDEMPTION_CODE_USED"]));
    const log = await codeLog(world.deps, redemptionCodeId(productId, "ONE"));
    expect(log).toHaveLength(100);
    expect(log.filter(({ result }) => result === "success")).toHaveLength(1);

    const back = { productId, text: "ONE", by: null, reason: null };
    const reactivated = await Promise.all(
      Array.from({ length: 10 }, () => patiently(() => reactivateCode(world.deps, back))),
    );
    expect(reactivated.filter(({ ok }) => ok)).toHaveLength(1);
    await world.close();
  }, 120_000);
});
