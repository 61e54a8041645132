/** The effect `disown`: forgets the records of a service, and leaves what runs as it is. */
import type { Provider } from "../../../core/provider.ts";
import { clusters } from "../../../roles/clusters.ts";
import { coalesced, type Deck, mainOf, requireNewest, resting, standing } from "./deck.ts";

export function disown({ spotOf, records }: Deck): Provider<typeof clusters>["disown"] {
  const once = coalesced<Record<string, never>>();
  return {
    async preview(input, { signal }) {
      const main = mainOf(input);
      const { service, environment } = input;
      const [newest] = standing(await records.list(spotOf(input), signal));
      if (!newest) return { same: {} };
      const to = "left to itself, running as it is";
      return {
        changes: [{ of: main, field: "care", from: `looked after at ${newest.version}`, to }],
        seen: { [main]: resting(newest) },
        will: { [main]: resting(undefined) },
        undo: [clusters.adopt({ service, environment })],
      };
    },

    run: (input, { key, seen, signal }) =>
      once(key, async () => {
        signal.throwIfAborted();
        const spot = spotOf(input);
        const [newest] = standing(await records.list(spot, signal));
        if (!newest) return {};
        requireNewest(input, seen, newest);
        await records.bury(spot, signal);
        return {};
      }),
  };
}
