import { useEngines } from "../support/engines.ts";
import { runOn } from "../support/world.ts";

const engine = useEngines().find(({ name }) => name === "Firestore");
beforeAll(() => {
  if (engine) runOn(engine.open);
});

// What asks queries: the double refuses one that has no index.
describe.each([
  "geckoguard-auth",
  "geckoguard-dashboard-licenses",
  "geckoguard-dashboard-products",
  "geckoguard-orgs",
  "geckoguard-subscriptions",
])("%s on Firestore", (file) => {
  jest.requireActual(`./${file}.test.ts`);
});
