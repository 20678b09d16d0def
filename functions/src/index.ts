// The deployed surface, one line per function. The export name is the function's public name.
export { createApiKey } from "./endpoints/api-keys/create-api-key.ts";
export { listApiKeys } from "./endpoints/api-keys/list-api-keys.ts";
export { revokeApiKey } from "./endpoints/api-keys/revoke-api-key.ts";
export { rotateApiKey } from "./endpoints/api-keys/rotate-api-key.ts";
export { listAuditLog } from "./endpoints/audit/list-audit-log.ts";
export { activate } from "./endpoints/client/activate.ts";
export { deactivate } from "./endpoints/client/deactivate.ts";
export { heartbeat } from "./endpoints/client/heartbeat.ts";
export { validate } from "./endpoints/client/validate.ts";
export { verify } from "./endpoints/client/verify.ts";
export { createLicense } from "./endpoints/licenses/create-license.ts";
export { getLicense } from "./endpoints/licenses/get-license.ts";
export { createProduct } from "./endpoints/products/create-product.ts";
export { createVariant } from "./endpoints/products/create-variant.ts";
export { getSigningKey } from "./endpoints/signing/get-signing-key.ts";
export { jwks } from "./endpoints/signing/jwks.ts";
export { expireFloatingSessions } from "./schedules/expire-floating-sessions.ts";
