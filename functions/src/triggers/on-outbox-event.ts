import { boundSecrets, liveDeliverer } from "../runtime.ts";

type Written = { readonly document?: string };

/**
 * The first attempt at an event, as soon as it is written. What it does not get done the schedule does.
 *
 * Said by hand what `onDocumentCreated` says: that would load the Firestore library with every
 * function, and decode a document of which the name is enough.
 */
export const onOutboxEvent = Object.assign(
  async ({ document = "" }: Written): Promise<void> => {
    const deliverer = await liveDeliverer();
    await deliverer?.take(document.split("/").at(-1) ?? "");
    await deliverer?.idle();
  },
  {
    __endpoint: {
      platform: "gcfv2",
      availableMemoryMb: 256,
      timeoutSeconds: 120,
      labels: {},
      secretEnvironmentVariables: boundSecrets().map((key) => ({ key })),
      eventTrigger: {
        eventType: "google.cloud.firestore.document.v1.created",
        eventFilters: { database: "(default)", namespace: "(default)" },
        eventFilterPathPatterns: { document: "outbox/{id}" },
        retry: false,
      },
    },
  },
);
