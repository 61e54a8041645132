/** What a process alone on this machine has little to say about: migrations, restarts, numbers, adoption, events. */
import type { Provider } from "../../core/provider.ts";
import { refuse } from "../../core/refusal.ts";
import type { clusters } from "../../roles/clusters.ts";
import { current, versionOf } from "./effects.ts";
import type { Shelf } from "./release.ts";

type Others = Pick<
  Provider<typeof clusters>,
  | "takes"
  | "migrate"
  | "migration"
  | "restart"
  | "scale"
  | "adopt"
  | "disown"
  | "events"
  | "content"
>;

export function others({ keeper, samples }: Shelf): Others {
  const no = (says: string) => ({
    preview: async () => refuse(says),
    run: async () => refuse(says),
  });
  return {
    takes: async () => ({ migration: false }),
    migrate: no("A local sample has no migration: deploy it at once."),
    migration: async () => ({ state: "good", says: "There is nothing to migrate.", log: [] }),
    restart: no("A local sample can't be restarted: deploy another version of it."),
    scale: no("A local sample runs as one process: connect a cluster to have more."),
    adopt: no("What runs on this machine is ours already: there is nothing to adopt."),
    disown: no("What runs on this machine is ours: to take it away, remove it."),
    events: async (place) =>
      keeper(place)
        .state()
        .releases.toReversed()
        .map(({ version, state, at, why }) => ({
          at,
          bad: state === "bad",
          of: place.service,
          says: why === "" ? `${version} was released.` : why,
          count: 1,
        })),
    content: async (place) => {
      samples.at(place);
      const version = versionOf(current(keeper(place).state()));
      if (version === undefined) return [];
      return [{ of: place.service, field: "version", value: version }];
    },
  };
}
