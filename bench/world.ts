/** A world that answers at once and remembers nothing but versions: what is measured is Shipmate alone. */
import { z } from "zod";
import { until } from "../src/core/operation.ts";
import type { Provider } from "../src/core/provider.ts";
import { defineWorkflow } from "../src/core/workflow.ts";
import { clusters } from "../src/roles/clusters.ts";
import { noMore } from "../test/no-more.ts";

export interface World {
  readonly provider: Provider<typeof clusters>;
  /** When each `run` of a release was entered, by service (`performance.now`). */
  readonly entered: ReadonlyMap<string, number>;
}

/** Services whose names begin so answer no look. */
export const broken = "broken-";

/** Rollouts are `going` for ever, or good at once. */
export function world(rollouts: "going" | "good"): World {
  const versions = new Map<string, string>();
  const entered = new Map<string, number>();
  const key = (i: { service: string; environment: string }) => `${i.environment}/${i.service}`;
  const provider: Provider<typeof clusters> = {
    release: {
      async preview(input) {
        const object = key(input);
        const [from, to] = [versions.get(object) ?? null, String(input.version)];
        if (from === to) return { same: { url: null } };
        const { service, environment } = input;
        const undo =
          from === null
            ? clusters.remove({ service, environment })
            : clusters.release({ service, environment, version: from });
        return {
          changes: [{ of: object, field: "version", from, to }],
          seen: { [object]: from },
          will: { [object]: to },
          undo: [undo],
        };
      },
      async run(input) {
        entered.set(input.service, performance.now());
        versions.set(key(input), input.version);
        return { url: null };
      },
    },
    remove: {
      async preview(input) {
        const object = key(input);
        const from = versions.get(object) ?? null;
        if (from === null) return { same: {} };
        return {
          changes: [{ of: object, from, to: null }],
          seen: { [object]: from },
          will: { [object]: null },
          undo: { irreversible: "a bench has no need of it" },
        };
      },
      async run(input) {
        versions.delete(key(input));
        return {};
      },
    },
    rollout: async (input) => ({
      state: rollouts,
      says: "1 of 1 ready",
      version: versions.get(key(input)) ?? null,
      ready: 1,
      of: 1,
      url: null,
      log: [],
    }),
    async running(input) {
      if (input.service.startsWith(broken)) throw new Error("no answer");
      const version = versions.get(key(input)) ?? null;
      return { version, ready: 1, of: 1, url: null, since: null, restarts: 0 };
    },
    ...noMore,
    history: async () => [],
    versions: async () => [],
    logs: async function* () {},
  };
  return { provider, entered };
}

export const deploy = defineWorkflow({
  name: "deploy",
  input: z.object({ service: z.string(), version: z.string(), environment: z.string() }),
  title: (i) => `Deploy ${i.service} ${i.version} to ${i.environment}`,
  async run(step, i) {
    await step.change("ship it", [
      clusters.release(i),
      until(clusters.rollout(i), { every: "2s", timeout: "10m" }),
    ]);
  },
});
