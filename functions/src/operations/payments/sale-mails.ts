import { slotsOf, UNLIMITED } from "../../core/licenses.ts";
import { licenseMail, type Mail } from "../../core/mail.ts";
import { derivedId } from "../../crypto/vault.ts";
import { mailTemplates } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { mailTemplateId } from "../mail/templates.ts";
import type { SoldLicense } from "./fulfil-sale.ts";

/** What tells the buyer the keys: a mail for each product and variant, since its words speak of one. */
export async function saleMails(
  tx: Transaction,
  ask: {
    readonly purchaseId: string;
    readonly sold: readonly Omit<SoldLicense, "once">[];
    readonly now: number;
  },
): Promise<Mail[]> {
  const { purchaseId, sold, now } = ask;
  if (sold.length === 0) return [];
  const alike = Map.groupBy(sold, ({ license }) =>
    JSON.stringify([license.productId, license.variant]),
  );
  const groups = [...alike].flatMap(([kind, [first, ...others]]) =>
    first ? [{ kind, ...first, licenseKeys: [first, ...others].map((one) => one.licenseKey) }] : [],
  );
  const templates = await tx.getMany(
    mailTemplates,
    groups.map(({ license }) => mailTemplateId(license.accountId, "license")),
  );
  return groups.flatMap(({ kind, license, productName, licenseKeys }, index) => {
    const mail = licenseMail({
      id: derivedId("license-mail", purchaseId, ...(index === 0 ? [] : [kind])),
      accountId: license.accountId,
      template: templates[index],
      // Of a floating license as many machines as may run it at once.
      facts: { ...license, maxMachines: slotsOf(license) ?? UNLIMITED, licenseKeys, productName },
      now,
    });
    return mail ? [mail] : [];
  });
}
