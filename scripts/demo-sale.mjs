import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { call, chapter, check, dataDir, Stop, secret, step, tell, url } from "./story.mjs";

// What the functions declare, since it is they that believe the signature.
const Stripe = createRequire(new URL("../functions/package.json", import.meta.url))("stripe");
const MAIL_WITHIN_MS = 10_000;

await tell(main);

async function main() {
  const signingSecret = secret("STRIPE_WEBHOOK_SECRET", "signing secret of Stripe's");
  const admin = {
    words: "with the admin secret",
    headers: { "x-admin-secret": secret("ADMIN_SECRET", "admin secret") },
  };
  // Every run is a product and a sale of its own, so the demo can be run again.
  const run = Date.now().toString(36) + randomBytes(2).toString("hex");
  const productId = `sale_${run}`;
  const email = `buyer-${run}@example.com`;
  const link = `plink_${run}`;
  const payment = `pi_${run}`;
  const stripe = (event) => announce(event, signingSecret);
  console.log(`A sale at ${url}, from Stripe's announcement to the activated app.`);

  chapter("What you sell");
  step("A product lists what Stripe calls it: here the id of a payment link.");
  const paymentIds = { stripe: [link] };
  await call("createProduct", { name: "Cloud Tools", productId, paymentIds }, { as: admin });

  chapter("Somebody buys");
  step("Stripe announces the paid checkout, and signs what it sends.");
  const sale = {
    id: `evt_sale_${run}`,
    type: "checkout.session.completed",
    data: {
      object: {
        id: `cs_${run}`,
        object: "checkout.session",
        mode: "payment",
        payment_status: "paid",
        payment_intent: payment,
        payment_link: link,
        customer_details: { email },
        metadata: {},
      },
    },
  };
  const sold = await stripe(sale);
  check("the sale is done", sold.status === "done");
  step("The buyer has mail.");
  const licenseKey = await mailedKey(email);
  check("the key is in the mail", licenseKey !== undefined);

  chapter("The app is activated");
  const machine = { licenseKey, machineFingerprint: `demo-${run}` };
  step("The buyer enters the key.");
  const { token } = await call("activate", { ...machine, hostname: "studio", productId });
  step("And the app asks, now and then, whether it still holds.");
  const { valid } = await call("validate", { ...machine, token });
  check("the app may run", valid === true);

  chapter("Stripe sends it again");
  step("It does whenever it is not sure that we heard, under the same id and a new signature.");
  const again = await stripe(sale);
  check("the same answer as before", JSON.stringify(again) === JSON.stringify(sold));
  const { licenses } = await call("listLicenses", { productId }, { as: admin });
  check("still one license", licenses.length === 1);
  step("What nobody signed is not believed.");
  await call("stripeWebhook", sale, { status: 401 });

  chapter("The money goes back");
  step("Stripe announces that the charge was refunded in full.");
  await stripe({
    id: `evt_refund_${run}`,
    type: "charge.refunded",
    data: {
      object: {
        id: `ch_${run}`,
        object: "charge",
        payment_intent: payment,
        refunded: true,
        amount: 14_900,
        amount_refunded: 14_900,
      },
    },
  });
  step("The app is told the next time it asks.");
  const refused = await call("validate", { ...machine, token }, { status: 403 });
  check("the license is revoked", refused.code === "LICENSE_REVOKED");

  chapter("What Stripe announced, as you see it");
  await call("listInboundEvents", { limit: 2 }, { as: admin });
  console.log("\nThat is a sale. docs/payments.md says how to connect a real shop.");
}

/** Posts an event with the signature that Stripe would make now. */
async function announce(event, signingSecret) {
  const raw = JSON.stringify(event);
  const signature = Stripe.webhooks.generateTestHeaderString({
    payload: raw,
    secret: signingSecret,
  });
  const as = { words: "signed as Stripe does", headers: { "stripe-signature": signature } };
  return call("stripeWebhook", event, { as, raw });
}

/** Waits for the file that the server makes of the mail, and shows its text. */
async function mailedKey(email) {
  const directory = join(dataDir, "mail");
  const until = Date.now() + MAIL_WITHIN_MS;
  while (Date.now() < until) {
    for (const name of existsSync(directory) ? readdirSync(directory).reverse() : []) {
      if (!name.endsWith(".eml")) continue;
      const mail = readFileSync(join(directory, name), "utf8");
      if (!mail.includes(`To: ${email}`)) continue;
      console.log(`  ${join(directory, name)}`);
      console.log(readablePart(mail).replaceAll(/^/gm, "    "));
      return /\b(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}\b/.exec(mail)?.[0];
    }
    await pause(100);
  }
  throw new Stop(
    `No mail came to ${directory} in ${MAIL_WITHIN_MS / 1_000} seconds.\n` +
      "A server with an SMTP_URL sends its mails instead; this demo wants one without.",
  );
}

/** The words of a mail without what is for mail programs. */
function readablePart(mail) {
  const [, text = mail] = /text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(mail) ?? [];
  return text.replaceAll("=\r\n", "").replaceAll("\r", "").trim();
}
