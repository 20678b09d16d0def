import { status } from "@grpc/grpc-js";

export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

export const invalid = (message: string) => new StatusError(status.INVALID_ARGUMENT, message);
export const aborted = (message: string) => new StatusError(status.ABORTED, message);
export const unimplemented = (what: string) =>
  new StatusError(status.UNIMPLEMENTED, `${what}: not part of this double`);
