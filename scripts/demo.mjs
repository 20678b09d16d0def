import { verify } from "node:crypto";
import { call, chapter, check, readable, secret, step, tell, url } from "./story.mjs";

await tell(main);

async function main() {
  const admin = {
    words: "with the admin secret",
    headers: { "x-admin-secret": secret("ADMIN_SECRET", "admin secret") },
  };
  // Every run is a product of its own, so the demo can be run again.
  const productId = `demo_${Date.now().toString(36)}`;
  console.log(`A walk through Latchkey at ${url}: each request, and what was answered.`);

  chapter("What you sell");
  step("You make a product. The handle is yours to choose; without one it is made up.");
  await call("createProduct", { name: "Demo Tools", productId }, { as: admin });
  step("A variant is a tier of the product: here 2 machines, for a year.");
  const pro = { productId, name: "pro", maxMachines: 2, durationDays: 365 };
  await call("createVariant", pro, { as: admin });
  step("Your shop gets an API key of its own, so that it never needs the admin secret.");
  const { apiKey } = await call("createApiKey", { name: "shop backend" }, { as: admin });
  const shop = { words: "with the shop's API key", headers: { "x-api-key": apiKey } };

  chapter("Somebody buys");
  step("The shop makes a license. The Idempotency-Key names the order, so that a retry is safe.");
  const order = { email: "artist@example.com", productId, variant: "pro" };
  const once = { "idempotency-key": `${productId}-order-1` };
  const { licenseKey } = await call("createLicense", order, { as: shop, headers: once });
  step("The shop did not hear the answer and asks again: it gets the same license, not a second.");
  const repeated = await call("createLicense", order, { as: shop, headers: once });
  check("the same key as before", repeated.licenseKey === licenseKey);

  chapter("Your app asks");
  const laptop = { licenseKey, machineFingerprint: "demo-laptop" };
  const desktop = { licenseKey, machineFingerprint: "demo-desktop" };
  const tablet = { licenseKey, machineFingerprint: "demo-tablet" };
  step("Is this key good for this product? Asking binds no machine.");
  await call("verify", { licenseKey, productId });
  step("The first machine is activated and gets a session token.");
  const { token } = await call("activate", { ...laptop, hostname: "laptop", productId });
  step(
    "The keys that tokens are checked with. Your app ships with the root key and trusts no other.",
  );
  const certificate = await call("getSigningKey");
  step("From here on the app needs no network: it checks the token itself.");
  checkOffline(certificate, token, laptop.machineFingerprint);
  step("Now and then it validates: the answer brings a new token, or the news that it is over.");
  await call("validate", { ...laptop, token });

  chapter("More machines than were paid for");
  step("The second machine is within the limit of 2.");
  await call("activate", { ...desktop, hostname: "desktop", productId });
  step("The third is not. The code is for your app, the text for its user.");
  await call("activate", { ...tablet, hostname: "tablet", productId }, { status: 403 });
  step("The user gives the laptop up ...");
  await call("deactivate", laptop);
  step("... and the third machine has its place.");
  await call("activate", { ...tablet, hostname: "tablet", productId });
  step("The laptop's token may be good for weeks, but the server knows that its machine is gone.");
  await call("validate", { ...laptop, token }, { status: 403 });

  chapter("A floating license: seats that are passed around");
  step("A studio buys 2 seats for as many machines as it likes.");
  const seats = { email: "studio@example.com", productId, licenseType: "floating" };
  const studio = await call("createLicense", { ...seats, maxConcurrent: 2 }, { as: shop });
  const artist = (name) => ({
    licenseKey: studio.licenseKey,
    machineFingerprint: `demo-${name}`,
    hostname: name,
    productId,
  });
  step("Anna takes a seat.");
  const anna = await call("activate", artist("anna"));
  step("Ben takes the other one.");
  await call("activate", artist("ben"));
  step("Cleo comes too late.");
  await call("activate", artist("cleo"), { status: 403 });
  step("Anna's app sends heartbeats. A seat that misses three of them is free again.");
  const { hostname: _, productId: __, ...annas } = artist("anna");
  await call("heartbeat", { ...annas, token: anna.token });
  step("Ben closes his app, which gives the seat back ...");
  await call("deactivate", {
    licenseKey: studio.licenseKey,
    machineFingerprint: artist("ben").machineFingerprint,
  });
  step("... and Cleo has one.");
  await call("activate", artist("cleo"));
  step("What you see of it.");
  await call("getLicense", { licenseKey: studio.licenseKey }, { as: admin });

  chapter("When something is wrong");
  step("A key that nobody was sold.");
  await call("verify", { licenseKey: "NOT-A-KEY", productId }, { status: 404 });
  step("A request with a mistake in it names the field.");
  const typo = { email: "artist@example", productId };
  await call("createLicense", typo, { as: shop, status: 400 });
  step("An admin function without the admin secret or an API key.");
  await call("getLicense", { licenseKey }, { status: 401 });

  console.log("\nThat is the story. docs/openapi.json describes every request and answer.");
}

/** What a client does without the server: root key, signing key, token. */
function checkOffline({ rootPublicKey, rootSignature, publicKey }, token, fingerprint) {
  const [header, payload, signature] = token.split(".");
  const genuine = (claims) =>
    verify(
      "sha256",
      Buffer.from(`${header}.${claims}`),
      publicKey,
      Buffer.from(signature, "base64url"),
    );
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const forged = JSON.stringify({ ...claims, machineFingerprint: "another" });
  console.log(readable(claims));
  const rooted = Buffer.from(rootSignature, "base64");
  check(
    "the root key signed the signing key",
    verify("sha256", Buffer.from(publicKey), rootPublicKey, rooted),
  );
  check("the signing key signed the token", genuine(payload));
  check("the token is for this machine", claims.machineFingerprint === fingerprint);
  check("the token has not expired", claims.exp * 1000 > Date.now());
  check("a forged token is found out", !genuine(Buffer.from(forged).toString("base64url")));
}
