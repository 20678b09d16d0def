import type { Provider } from "../../core/payments.ts";

/** Under which a sale is found again when the address of its buyer comes. */
export const waitingFor = (provider: Provider, buyer: string): string => `${provider}:${buyer}`;
