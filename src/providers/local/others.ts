/** What a process alone on this machine has little to say about: migrations, numbers, adoption, events. */
import type { Provider } from "../../core/provider.ts";
import { refuse } from "../../core/refusal.ts";
import { milliseconds } from "../../core/time.ts";
import type { clusters } from "../../roles/clusters.ts";
import { current, versionOf } from "./effects.ts";
import type { Shelf } from "./release.ts";
import type { State } from "./state.ts";

type Others = Pick<
  Provider<typeof clusters>,
  "takes" | "migrate" | "migration" | "scale" | "adopt" | "disown" | "events" | "content"
>;

export function others({ keeper, samples, now }: Shelf): Others {
  const no = (says: string) => ({
    preview: async () => refuse(says),
    run: async () => refuse(says),
  });
  return {
    takes: async () => ({ migration: false }),
    migrate: no("A local sample has no migration: deploy it at once."),
    migration: async () => ({ state: "good", says: "There is nothing to migrate.", log: [] }),
    scale: no("A local sample runs as one process: connect a cluster to have more."),
    adopt: no("What runs on this machine is ours already: there is nothing to adopt."),
    disown: no("What runs on this machine is ours: to take it away, remove it."),
    events: async (place) => {
      const since = place.since === undefined ? 0 : now() - milliseconds(place.since);
      return happened(place.service, keeper(place).state()).filter(({ at }) => at >= since);
    },
    content: async (place) => {
      samples.at(place);
      const version = versionOf(current(keeper(place).state()));
      if (version === undefined) return [];
      return [{ of: place.service, field: "version", value: version }];
    },
  };
}

/** Releases, and what the one that serves died of last; oldest first. */
function happened(of: string, { releases, serving }: State): Awaited<ReturnType<Others["events"]>> {
  const released = releases.map(({ version, state, at, why }) => {
    const bad = state === "bad";
    return { at, bad, of, says: bad ? why : `${version} was released.`, count: 1 };
  });
  const died =
    serving?.process && serving.why !== ""
      ? [
          {
            ...{ at: serving.process.started, bad: true, of, count: serving.restarts },
            says: `${serving.why} It was started again.`,
          },
        ]
      : [];
  return [...released, ...died].sort((a, b) => a.at - b.at);
}
