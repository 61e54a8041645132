/** Rooms, changes, drift and the undoing of all of it in the world. */
import { canonical } from "../../../../src/core/plan.ts";
import type { Provider } from "../../../../src/core/provider.ts";
import { declared } from "../faces.ts";
import { type changes, drift, world as role, rooms } from "../roles/minding.ts";
import type { Fields, World } from "../world.ts";

export function gathers(world: World): Provider<typeof rooms> {
  return {
    open: declared(world, rooms.open, {
      object: (i) => `rooms/${i.name}`,
      want: (i) => ({ topic: i.topic, open: true }),
      result: (i) => ({ id: i.name }),
    }),
    archive: declared(world, rooms.archive, {
      object: (i) => `rooms/${i.name}`,
      want: () => ({ open: false }),
      result: () => ({}),
    }),
  };
}

export function remembers(): Provider<typeof changes> {
  return {
    recent: async ({ environment }) => [
      { service: "web", environment, version: "1.5.0", before: "1.4.2", by: "ada" },
      { service: "api", environment, version: "2", before: "1", by: "linus" },
    ],
  };
}

export function drifts(world: World): Provider<typeof drift> {
  const settled = (effect: typeof drift.back, how: string) =>
    declared(world, effect, {
      object: (i) => `drift/${i.object}`,
      want: () => ({ settled: how }),
      result: () => ({}),
    });
  return {
    list: async () => [
      { object: "web", says: "replicas 3 to 5" },
      { object: "api", says: "another image" },
    ],
    back: settled(drift.back, "back"),
    accept: settled(drift.accept, "accepted"),
  };
}

export function restores(world: World): Provider<typeof role> {
  return {
    put: {
      async preview(i) {
        const now = world.read(i.id);
        const was = fieldsOf(i.was);
        if (canonical(now) === canonical(was)) return { same: {} };
        return {
          changes: [{ of: i.id, from: now, to: was }],
          seen: { [i.id]: now },
          will: { [i.id]: was },
          undo: [role.put({ id: i.id, was: now && canonical(now) })],
        };
      },
      async run(i, { key }) {
        world.set(i.id, fieldsOf(i.was));
        world.wrote("world.put", key);
        return {};
      },
    },
  };
}

function fieldsOf(was: string | null): Fields | null {
  return was === null ? null : (JSON.parse(was) as Fields);
}
