/** The effect `remove`: nothing of the service is wanted any more. */
import type { Provider } from "../../core/provider.ts";
import { clusters } from "../../roles/clusters.ts";
import { current, done, remembered, requireSeen, versionOf } from "./effects.ts";
import { ran, type Shelf } from "./release.ts";
import { processesOf } from "./state.ts";

export function remove({ keeper }: Shelf): Provider<typeof clusters>["remove"] {
  return {
    async preview(input, see) {
      const k = keeper(input);
      const planned = see.planned(k.name);
      const before = planned === undefined ? current(k.state()) : planned;
      if (before === null) return { same: {} };
      const version = planned === undefined ? ran(k.state()) : versionOf(planned);
      return {
        changes: [{ of: k.name, field: "version", from: versionOf(before) ?? null, to: null }],
        seen: { [k.name]: before },
        will: { [k.name]: null },
        undo: version === undefined ? [] : [clusters.release({ ...input, version })],
      };
    },

    async run(input, { key, seen, signal }) {
      const k = keeper(input);
      signal.throwIfAborted();
      const state = k.state();
      if (done(state, key)) return {};
      requireSeen(k, seen);
      k.put(
        {
          effects: state.effects + 1,
          releases: [],
          serving: null,
          candidate: null,
          leaving: [...processesOf(state)],
          keys: remembered(state, key, null),
        },
        true,
      );
      k.opened()?.to(null);
      return {};
    },

    async find(input, key) {
      return done(keeper(input).state(), key) ? { did: {} } : "not done";
    },
  };
}
