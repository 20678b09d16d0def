import { setTimeout as pause } from "node:timers/promises";
import { createChance } from "../../bench/sim/clock.ts";
import { type Customer, newCustomer } from "../support/customers.ts";
import { newDataDir, startServer } from "../support/server-process.ts";
import { expectAnswered, expectCounted, expectLicenses, stored } from "../support/stored.ts";

// `npm run bench:faults` sets both.
const SECONDS = Number(process.env["FAULT_SECONDS"] ?? "30");
const SEED = Number(process.env["FAULT_SEED"] ?? "1");
const CLIENTS = 8;
const LONGEST_LIFE_MS = 1_500;

test(
  `kill -9 at random points under 8 clients for ${SECONDS} s (seed ${SEED}) loses and doubles nothing`,
  async () => {
    const chance = createChance(SEED);
    const dataDir = newDataDir();
    const everybody: Customer[] = [];
    let answers = 0;
    let kills = 0;
    let server = await startServer({ dataDir });
    await server.admin("createProduct", { name: "Tools", productId: "tools" });
    for (let served = 0; served < SECONDS * 1_000; kills++) {
      const running = server;
      const lifeMs = chance.uniform() * LONGEST_LIFE_MS;
      const customers = Array.from({ length: CLIENTS }, (_, index) =>
        newCustomer({
          server: running,
          name: `customer-${kills}-${index}`,
          terms: {
            productId: "tools",
            licenseType: index % 2 === 0 ? "floating" : "per-machine",
            maxMachines: 3,
          },
          answered: () => {
            answers += 1;
          },
        }),
      );
      everybody.push(...customers);
      const work = Promise.all(customers.map((customer) => customer.run()));
      await pause(lifeMs);
      await running.kill();
      await work;
      served += lifeMs;
      server = await startServer({ dataDir });
      // The first request makes the new process recover the file.
      await server.admin("createProduct", { name: `After ${kills}` });
      const found = stored(dataDir);
      expectAnswered(found, everybody);
      expectLicenses(found, everybody);
      expectCounted(found);
    }
    await server.kill();
    expect(answers).toBeGreaterThan(kills * CLIENTS);
    if (process.env["FAULT_SECONDS"]) console.log(`${kills} kills, ${answers} answered requests`);
  },
  SECONDS * 20_000,
);
