import { as, dataOf, errorOf, openGecko } from "../support/dashboard.ts";
import { openShop, type Shop } from "../support/dashboard-things.ts";
import { geckoCall } from "../support/geckoguard.ts";
import type { Json, World } from "../support/world.ts";

let world: World;
let shop: Shop;
let path: string;
beforeEach(async () => {
  world = await openGecko();
  shop = await openShop(world);
  path = `/v1/dashboard/app-versions/products/${shop.productId}`;
});
afterEach(() => world.close());

const post = (body: Json) => as(world, shop.boss, `POST ${path}`, { body });
const patch = (id: unknown, body: Json) => as(world, shop.boss, `PATCH ${path}/${id}`, { body });
const published = async (body: Json) => dataOf(await post(body))["version"] as Json;
const currents = async () =>
  (dataOf(await as(world, shop.boss, `GET ${path}`))["versions"] as Json[])
    .filter(({ current }) => current)
    .map(({ version }) => version);

test("201 a version in the reference's fields, which clients are told of", async () => {
  const fileHashes = { "app.exe": "sha256-abc" };
  const downloadUrl = "https://releases.example.com/v2.1.0/setup.exe";
  const made = await post({
    ...{ version: "2.1.0", changelog: "Fixes", fileHashes, downloadUrl, current: true },
  });
  expect([made.status, made.body]).toEqual([
    201,
    {
      ok: true,
      data: {
        version: {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          productId: shop.productId,
          ...{ version: "2.1.0", changelog: "Fixes", fileHashes, downloadUrl },
          forceUpdate: false,
          current: true,
          createdAt: "2026-11-20T09:00:00.000Z",
          updatedAt: "2026-11-20T09:00:00.000Z",
        },
      },
    },
  ]);
  const body = { productId: shop.productId, currentVersion: "2.0.0" };
  const check = await geckoCall(world, "POST /v1/app-versions/check-update", shop.owner, { body });
  expect(dataOf(check)).toMatchObject({ updateAvailable: true, latestVersion: "2.1.0" });
  const least = await published({ version: "2.2.0" });
  expect(least).toMatchObject({
    ...{ changelog: "", fileHashes: {}, downloadUrl: null, forceUpdate: false, current: false },
  });
});

test("one version is current: to set it takes it from the one before, to delete it leaves none", async () => {
  const one = await published({ version: "1.0.0", current: true });
  const two = await published({ version: "2.0.0", current: true });
  expect(await currents()).toEqual(["2.0.0"]);
  expect((await patch(one["id"], { current: true })).status).toBe(200);
  expect(await currents()).toEqual(["1.0.0"]);
  const changed = await patch(two["id"], {
    changelog: "new",
    downloadUrl: null,
    forceUpdate: true,
  });
  expect(dataOf(changed)["version"]).toMatchObject({
    ...{ changelog: "new", downloadUrl: null, forceUpdate: true, current: false },
  });
  const gone = await as(world, shop.boss, `DELETE ${path}/${one["id"]}`);
  expect([gone.body, await currents()]).toEqual([{ ok: true, data: { deleted: true } }, []]);
  expect((await as(world, shop.boss, `DELETE ${path}/${one["id"]}`)).status).toBe(404);
});

test("409 a version that is there, once however many publish it at once", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => post({ version: "1.0.0" })));
  expect(all.map(({ status }) => status).toSorted()).toEqual([201, ...Array(7).fill(409)]);
  const taken = all.find(({ status }) => status === 409);
  expect(taken && errorOf(taken)["code"]).toBe("CONFLICT");
});

test.each([
  [{ version: "" }, "version"],
  [{ version: "x".repeat(65) }, "version"],
  [{ version: undefined }, "version"],
  [{ changelog: "x".repeat(5001) }, "changelog"],
  [{ downloadUrl: "javascript:alert(1)" }, "downloadUrl"],
  [{ fileHashes: ["a"] }, "fileHashes"],
  [{ fileHashes: { "app.exe": 1 } }, "fileHashes.app.exe"],
  [{ fileHashes: { __name__: "x" } }, "fileHashes.__name__"],
  [
    { fileHashes: Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [at, "x"])) },
    "fileHashes",
  ],
  [{ current: "true" }, "current"],
])("400 %.60j is about %s", async (wrong, field) => {
  const reply = await post({ version: "1.0.0", ...wrong });
  expect([reply.status, errorOf(reply)["details"]]).toEqual([
    400,
    [expect.objectContaining({ path: field })],
  ]);
});
