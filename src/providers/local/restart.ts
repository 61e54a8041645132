/** The effect `restart`: another process of the same release takes over once it is healthy. */
import type { Provider } from "../../core/provider.ts";
import { refuse } from "../../core/refusal.ts";
import type { clusters } from "../../roles/clusters.ts";
import { current, done, remembered, requireSeen } from "./effects.ts";
import type { Shelf } from "./release.ts";

export function restart({ keeper }: Shelf): Provider<typeof clusters>["restart"] {
  return {
    async preview(input) {
      const { name, state } = keeper(input);
      const now = current(state());
      if (now === null || state().releases[0]?.state !== "good")
        refuse(`Nothing healthy of ${name} is there to restart: deploy it first.`);
      return {
        changes: [{ of: name, field: "process", from: "as it is", to: "started anew" }],
        seen: { [name]: now },
        will: { [name]: now },
        undo: [],
      };
    },

    async run(input, { key, seen, signal }) {
      const k = keeper(input);
      signal.throwIfAborted();
      const state = k.state();
      if (done(state, key)) return {};
      requireSeen(k, seen);
      const [release, ...before] = state.releases;
      if (release === undefined) return refuse(`${k.name} has no release to restart.`);
      k.put(
        {
          effects: state.effects + 1,
          releases: [{ ...release, state: "going", anew: true }, ...before],
          keys: remembered(state, key, null),
        },
        true,
      );
      return {};
    },

    async find(input, key) {
      return done(keeper(input).state(), key) ? { did: {} } : "not done";
    },
  };
}
