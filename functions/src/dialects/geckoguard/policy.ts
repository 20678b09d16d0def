import { accept, type Decision, refuse } from "../../core/decision.ts";
import { DEFAULT_GROUPS, type Policy, policyOf } from "../../core/policies.ts";
import { readPolicy } from "../../core/read-policy.ts";

/** A policy's groups that are set. What an unlimited group has by default goes unsaid. */
export function policyItem({ hwid, ip, concurrency, hwidResets, ipResets }: Policy) {
  return {
    v: 1,
    limits: {
      ...(hwid && { hwid: said(hwid, DEFAULT_GROUPS.hwid) }),
      ...(ip && { ip: said(ip, DEFAULT_GROUPS.ip) }),
      ...(concurrency && { concurrency: said(concurrency, DEFAULT_GROUPS.concurrency) }),
      ...((hwidResets || ipResets) && {
        resetBudget: { ...(hwidResets && { hwid: hwidResets }), ...(ipResets && { ip: ipResets }) },
      }),
    },
  };
}

/** A product's own, with the defaults that hold besides. */
export const productPolicyItem = (policy: Policy | null) => policyItem(policyOf(policy, null));

function said<G extends { mode: string }>(group: G, usual: G): Partial<G> {
  const members = Object.entries(group) as [keyof G, unknown][];
  const worth = members.filter(
    ([name, value]) =>
      value !== null && (name === "mode" || group.mode !== "unlimited" || value !== usual[name]),
  );
  return Object.fromEntries(worth) as Partial<G>;
}

/** The policy in that field of the body; `undefined` where there is none, null where it is taken away. */
export function policyIn(
  given: unknown,
  field: string,
): Decision<{ policy: Policy | null | undefined }> {
  if (given === undefined || given === null) return accept({ policy: given });
  const read = readPolicy(given);
  if (read.ok) return read;
  return refuse(read.code, { ...read, field: [field, read.field].filter(Boolean).join(".") });
}
