import { ADMIN_SECRET, type Json, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const studio = { creatorId: "studio" };
const template = async (ask: Json = studio) =>
  (await world.admin("getMailTemplate", ask))["mailTemplate"] as Json;

test("200 the default words and the placeholders, by GET too", async () => {
  const reply = await world.call("getMailTemplate", undefined, { method: "GET", headers });
  expect(reply).toMatchObject({
    status: 200,
    body: {
      mailTemplate: {
        kind: "license",
        subject: "Your license for {{productName}}",
        text: expect.stringContaining("\n{{licenseKey}}\n"),
        html: expect.stringContaining("<p>{{licenseKey}}</p>"),
        replyTo: null,
        enabled: true,
        customized: [],
        updatedAt: null,
      },
      placeholders: expect.arrayContaining(["licenseKey", "productName"]),
    },
  });
  expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
});

test("200 what is left out stays, null is the default again, and accounts do not share words", async () => {
  const first = await world.admin("updateMailTemplate", {
    ...studio,
    subject: "Hello",
    text: "Key: {{licenseKey}}",
    replyTo: "Help@Studio.example",
  });
  expect(first["mailTemplate"]).toEqual({
    kind: "license",
    subject: "Hello",
    text: "Key: {{licenseKey}}",
    html: "<p>Key: {{licenseKey}}</p>\n",
    replyTo: "help@studio.example",
    enabled: true,
    customized: ["subject", "text"],
    updatedAt: new Date(NOW).toISOString(),
  });
  await world.admin("updateMailTemplate", { ...studio, subject: null, enabled: false });
  expect(await template()).toMatchObject({
    subject: "Your license for {{productName}}",
    text: "Key: {{licenseKey}}",
    replyTo: "help@studio.example",
    enabled: false,
    customized: ["text"],
  });
  expect(await template({})).toMatchObject({ enabled: true, customized: [] });
});

test("200 a change is audited once; what changes nothing writes nothing", async () => {
  await world.admin("updateMailTemplate", { ...studio, enabled: true, subject: null });
  expect(world.touched().writes).toBe(0);
  await world.admin("updateMailTemplate", { ...studio, subject: "Hello" });
  await world.admin("updateMailTemplate", { ...studio, subject: "Hello" });
  expect(world.touched().writes).toBe(0);
  const { entries } = await world.admin("listAuditLog", studio);
  expect(entries).toEqual([
    expect.objectContaining({
      action: "mailTemplate.update",
      before: { subject: null },
      after: { subject: "Hello" },
    }),
  ]);
});

test.each<[Json, string]>([
  [{ subject: "Hi {{name}}" }, "subject: unknown placeholder {{name}}; there are {{licenseKey}}, "],
  [{ subject: "{{licenseKey}}" }, "subject: must not hold {{licenseKey}}"],
  [{ text: "Thank you" }, "text: must hold {{licenseKey}}"],
  [{ html: "<p>{{{licenseKey}}}</p>" }, "html: unknown placeholder {{; there are "],
  [{ text: "" }, "text: must not be empty"],
  [{ replyTo: "nobody" }, "replyTo: must be an e-mail address"],
  [{ enabled: "yes" }, "enabled: must be true or false"],
  [{ kind: "birthday" }, 'kind: must be "license"'],
  [{ sender: "x" }, "sender"],
])("400 %j, by name, and nothing is kept", async (fields, error) => {
  const reply = await world.call("updateMailTemplate", { ...studio, ...fields }, { headers });
  expect(reply).toMatchObject({
    status: 400,
    body: { success: false, code: "INVALID_REQUEST", error: expect.stringContaining(error) },
  });
  expect(world.touched().writes).toBe(0);
});
