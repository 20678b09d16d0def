import * as z from "zod";
import { ROLES } from "../../core/roles.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { addMember as add } from "../../operations/members/add-member.ts";
import { orgIdOf } from "../../operations/members/reach.ts";
import { accountId, email, iso, pastInstant } from "../fields.ts";

const role = z
  .enum(ROLES, `must be one of ${ROLES.join(", ")}`)
  .meta({ description: "Each may do what those before it may.", example: "OWNER" });
const member = z
  .object({
    memberId: z.uuid().meta({ example: "5f3d1c7a-2b84-8e60-9a17-c4d2e8f0b6a3" }),
    userId: z.uuid().meta({ example: "0b0d2a0e-2e55-8c33-8f0b-9d8d0c2c9c10" }),
    orgId: z.uuid().meta({
      description: "What the dashboard calls the account.",
      example: "7a2f3f4d-5c63-8a88-8a43-bd6a0c3f1e21",
    }),
    email: z.string().meta({ example: "artist@example.com" }),
    role,
    joinedAt: pastInstant,
  })
  .meta({ id: "Member" });

export const addMember = defineEndpoint({
  name: "addMember",
  methods: ["POST"],
  access: "administrator",
  summary: "Let a registered user into an account",
  description:
    "Gives an account its first OWNER on the dashboard, or a member another role. The user registers before; the account is made on its first use.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["USER_NOT_FOUND", "LAST_OWNER"],
  input: z.strictObject({ creatorId: accountId, email, role }).meta({ id: "AddMemberRequest" }),
  output: z.object({ success: z.literal(true), member }).meta({ id: "AddMemberResponse" }),
  async handle(deps, { creatorId, email, role }, principal) {
    const decision = await add(deps, principal, { accountId: creatorId, email, role });
    if (!decision.ok) return decision;
    const { id: memberId, userId, accountId, createdAt, ...shown } = decision.membership;
    return {
      success: true as const,
      member: {
        memberId,
        userId,
        orgId: orgIdOf(accountId),
        email: shown.email,
        role: shown.role,
        joinedAt: iso(createdAt),
      },
    };
  },
});
