import type { Provider } from "../../core/payments.ts";
import { gumroad } from "../../payments/gumroad.ts";
import { lemonSqueezy } from "../../payments/lemon-squeezy.ts";
import { native } from "../../payments/native.ts";
import { paddle } from "../../payments/paddle.ts";
import type { PaymentSource } from "../../payments/payment-source.ts";
import { polar } from "../../payments/polar.ts";
import { stripe } from "../../payments/stripe.ts";

export const sources: Readonly<Record<Provider, PaymentSource>> = {
  native,
  stripe,
  gumroad,
  lemonSqueezy,
  paddle,
  polar,
};
