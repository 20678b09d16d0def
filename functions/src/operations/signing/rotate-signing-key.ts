import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type KeyringRecord, rotate } from "../../core/signing.ts";
import {
  generatePair,
  keyId,
  type PemPair,
  pairOf,
  publicPemOf,
  rootSign,
  rootSigned,
} from "../../crypto/signing-keys.ts";
import { keyrings } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Principal, SERVICE_ACCOUNT } from "../principal.ts";
import { KEYRING_ID } from "./keyring.ts";

export type RotateAsk = {
  readonly immediately?: boolean | undefined;
  readonly revoke?: boolean | undefined;
  readonly revokeKid?: string | undefined;
  /** A key certified where the root key is, as PEM. */
  readonly privateKey?: string | undefined;
  readonly rootSignature?: string | undefined;
  readonly rootPublicKey?: string | undefined;
  readonly replaceRoot?: boolean | undefined;
};

export type RotatedKey = { readonly kid: string; readonly activeAt: number };

/** Adds a signing key that every instance knows before it signs. */
export async function rotateSigningKey(
  deps: Deps,
  principal: Principal,
  ask: RotateAsk,
): Promise<Decision<RotatedKey>> {
  const pair = ask.privateKey === undefined ? await generatePair() : pairOf(ask.privateKey);
  if (!pair) return refuse("SIGNING_KEY_INVALID", { field: "privateKey" });
  const givenRoot = ask.rootPublicKey === undefined ? undefined : publicPemOf(ask.rootPublicKey);
  if (ask.rootPublicKey !== undefined && givenRoot === undefined) {
    return refuse("SIGNING_KEY_INVALID", { field: "rootPublicKey" });
  }
  // A new service makes its first keys here.
  await deps.keyring.certificate();
  const { publicKey } = pair;
  const kid = await keyId(publicKey);
  const privateKeySealed = deps.vault.seal("signing-key", pair.privateKey);
  const now = deps.now();
  const audit = auditor(deps, principal);
  const decision = await deps.once(async (tx): Promise<Decision<RotatedKey>> => {
    const keyring = await tx.get(keyrings, KEYRING_ID);
    if (!keyring) throw new Error("The keyring is gone.");
    const rootPublicKey = givenRoot ?? keyring.rootPublicKey;
    const signed = certified(deps, keyring, pair, rootPublicKey, ask.rootSignature);
    if (!signed.ok) return signed;
    const { rootSignature } = signed;
    const rotated = rotate(
      keyring,
      { ...ask, key: { kid, publicKey, privateKeySealed, rootSignature }, rootPublicKey },
      now,
    );
    if (!rotated.ok) return rotated;
    const { activeAt, revokedKids, prunedKids } = rotated;
    tx.set(keyrings, rotated.keyring);
    audit(tx, {
      accountId: SERVICE_ACCOUNT,
      action: "signingKey.rotate",
      targetId: kid,
      before: null,
      after: { kid, activeAt, revokedKids, prunedKids, rootPublicKey },
    });
    return accept({ kid, activeAt });
  });
  deps.keyring.changed();
  return decision;
}

/** The root key's signature over the new key: the one sent, if it is good, or one made here. */
function certified(
  { vault }: Deps,
  keyring: KeyringRecord,
  { publicKey }: PemPair,
  rootPublicKey: string,
  given: string | undefined,
): Decision<{ rootSignature: string }> {
  if (given !== undefined) {
    return rootSigned(rootPublicKey, publicKey, given)
      ? accept({ rootSignature: given })
      : refuse("ROOT_SIGNATURE_INVALID", { field: "rootSignature" });
  }
  if (keyring.rootPrivateKeySealed === null) return refuse("ROOT_KEY_OFFLINE");
  const root = vault.open("signing-key", keyring.rootPrivateKeySealed);
  return accept({ rootSignature: rootSign(root, publicKey) });
}
