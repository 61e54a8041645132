/** The effect `release`: makes a version the wanted one. The supervisor does the rest. */
import type { Act, Json } from "../../core/operation.ts";
import type { Provider } from "../../core/provider.ts";
import { clusters } from "../../roles/clusters.ts";
import { current, done, remembered, requireSeen, urlOf, versionOf } from "./effects.ts";
import { askHealth } from "./health.ts";
import type { Keeper, Place } from "./keeper.ts";
import type { Samples } from "./samples.ts";
import type { State } from "./state.ts";

export interface Shelf {
  readonly samples: Samples;
  readonly now: () => number;
  /** Refuses names that are not safe. */
  keeper(place: Place): Keeper;
}

/** Releases that are remembered. */
const kept = 50;

export function release({ samples, now, keeper }: Shelf): Provider<typeof clusters>["release"] {
  return {
    async preview(input, see) {
      const k = keeper(input);
      const { version } = input;
      if (typeof version === "string") samples.main(input.service, version);
      else samples.versions(input.service);
      const state = k.state();
      const url = state.port === null ? null : urlOf(state.port);
      const planned = see.planned(k.name);
      const before = planned ?? current(state);
      if (planned === undefined && before !== null && version === versionOf(before)) {
        if (await isUp(state, version)) return { same: { url } };
      }
      const from = planned === undefined ? described(state) : (versionOf(planned) ?? null);
      const to = version as Json; // a late one stands as data until it is known
      return {
        changes: [{ of: k.name, field: "version", from, to }],
        seen: { [k.name]: before },
        will: { [k.name]: { uid: null, version: to } },
        ...(url === null ? {} : { knows: { url } }),
        undo: [back(input, planned === undefined ? ran(state) : versionOf(planned))],
      };
    },

    async run(input, { key, seen, by, signal }) {
      const k = keeper(input);
      signal.throwIfAborted();
      samples.main(input.service, input.version);
      const earlier = done(k.state(), key);
      if (earlier) return { url: earlier.url };
      requireSeen(k, seen);
      const { port } = await k.front();
      signal.throwIfAborted();
      const state = k.state();
      const again = done(state, key);
      if (again) return { url: again.url };
      requireSeen(k, seen);
      const effects = state.effects + 1;
      const fresh = { uid: `r${effects}`, version: input.version, at: now(), log: [] };
      const url = urlOf(port);
      k.put(
        {
          effects,
          releases: [{ ...fresh, by, state: "going" as const, why: "" }, ...state.releases].slice(
            0,
            kept,
          ),
          keys: remembered(state, key, url),
        },
        true,
      );
      return { url };
    },

    async find(input, key) {
      const earlier = done(keeper(input).state(), key);
      return earlier ? { did: { url: earlier.url } } : "not done";
    },
  };
}

/** The version that ran before this change, healthy; undefined where none did. */
export function ran(state: State): string | undefined {
  const [release] = state.releases;
  return release?.state === "good" ? release.version : state.serving?.version;
}

function back({ service, environment }: Place, version: string | undefined): Act {
  const at = { service, environment };
  return version === undefined ? clusters.remove(at) : clusters.release({ ...at, version });
}

/** The version that is wanted now, and what is wrong with it. */
function described(state: State): string | null {
  const [release] = state.releases;
  if (!release) return null;
  if (release.state === "bad") return `${release.version} (failed)`;
  if (release.state === "going") return `${release.version} (starting)`;
  return release.version;
}

async function isUp({ releases: [release], serving }: State, version: string): Promise<boolean> {
  if (release?.state !== "good" || serving?.version !== version || !serving.process) return false;
  return (await askHealth(serving.process)).healthy;
}
