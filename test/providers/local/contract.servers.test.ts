import { expect } from "vitest";
import { clustersContract } from "../clusters-contract.ts";
import { at, place } from "./world.ts";

clustersContract("the local world", async () => {
  const here = place();
  const local = await here.open();
  return {
    ...at,
    provider: local.clusters,
    versions: { good: "1.4.1", better: "1.4.2", crashing: "1.5.0", unhealthy: "1.6.0" },
    other: { service: "hello", version: "1.1.0" },
    says: "listens on",
    reachable: true,
    effects: async () => here.effects(),
    async cleanup() {
      try {
        await local.close({ stop: true });
        expect(here.running()).toEqual([]);
      } finally {
        here.remove();
      }
    },
  };
});
