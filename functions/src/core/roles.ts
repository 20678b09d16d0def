/** What a member of an account may do there, least first. */
export const ROLES = ["VIEWER", "DEV", "ADMIN", "OWNER"] as const;

export type Role = (typeof ROLES)[number];

/** The least role that has each ability: the capability table of the GeckoGuard reference, section 13.3. */
const LEAST_ROLE = {
  "org.read": "VIEWER",
  "org.update": "ADMIN",
  "org.delete": "OWNER",
  "ownership.transfer": "OWNER",
  "member.read": "VIEWER",
  "member.change": "ADMIN",
  /** Oneself; others are `member.change`. */
  "member.leave": "VIEWER",
  "invite.read": "VIEWER",
  "invite.change": "ADMIN",
  "product.read": "VIEWER",
  "product.change": "ADMIN",
  "product.delete": "OWNER",
  "license.read": "VIEWER",
  "license.change": "DEV",
  "license.delete": "DEV",
  "license.delete-many": "ADMIN",
  "license.export": "ADMIN",
  "license.import": "ADMIN",
  "variable.read": "VIEWER",
  "variable.change": "DEV",
  "version.read": "VIEWER",
  "version.change": "DEV",
  "file.read": "VIEWER",
  "file.change": "DEV",
  "blacklist.read": "VIEWER",
  "blacklist.change": "DEV",
  "end-user.read": "VIEWER",
  "end-user.ban": "ADMIN",
  "api-key.read": "VIEWER",
  "api-key.change": "ADMIN",
  "webhook.read": "VIEWER",
  "webhook.change": "ADMIN",
  "analytics.read": "VIEWER",
  "plan.read": "VIEWER",
  /** Section 15, which goes before the table's "billing". */
  "plan.change": "ADMIN",
} as const satisfies Record<string, Role>;

export type Ability = keyof typeof LEAST_ROLE;

export const ABILITIES = Object.keys(LEAST_ROLE) as Ability[];

const isAtLeast = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least);

export const hasAbility = (role: Role, ability: Ability): boolean =>
  isAtLeast(role, LEAST_ROLE[ability]);
