/** Databases, environments, secrets and stacks in the world. */
import { type Change, canonical } from "../../../../src/core/plan.ts";
import type { EffectFaces, Provider } from "../../../../src/core/provider.ts";
import { sha256 } from "../../../../src/engine/digest.ts";
import { declared, happens } from "../faces.ts";
import { databases, environments, secrets, type stacks } from "../roles/owning.ts";
import type { World } from "../world.ts";
import { aged } from "./running.ts";

const idOf = (at: { name: string; environment: string }) => `${at.environment}/${at.name}`;

export function keeps(world: World): Provider<typeof databases> {
  return {
    create: declared(world, databases.create, {
      object: idOf,
      want: (i) => ({ size: i.size }),
      result: (i) => ({ secret: `secret://${i.name}`, host: `${i.name}.db` }),
    }),
    seed: happens(world, databases.seed, {
      object: idOf,
      does: () => ({ rows: 12 }),
      irreversible: "copied rows",
    }),
    ready: async (i) => aged(world, idOf(i), "20s", "Starting."),
  };
}

export function houses(world: World): Provider<typeof environments> {
  const below = (name: string) =>
    [...world.objects.keys()].filter((id) => `${id}/`.startsWith(`${name}/`));
  return {
    create: declared(world, environments.create, {
      object: (i) => i.name,
      want: (i) => ({ expires: i.expires }),
      knows: (i) => ({ url: `http://${i.name}` }),
      result: (i) => ({ url: `http://${i.name}` }),
    }),
    destroy: {
      async preview({ name }) {
        const [first, ...more] = below(name).map((of): Change => ({ of, from: "there", to: null }));
        if (!first) return { same: {} };
        const undo = { irreversible: `${name} is gone` };
        return { changes: [first, ...more], seen: {}, will: {}, undo };
      },
      async run({ name }, { key }) {
        for (const id of below(name)) world.set(id, null);
        world.wrote("environments.destroy", key);
        return {};
      },
    },
  };
}

export function guards(world: World): Provider<typeof secrets> {
  return {
    rotate: happens(world, secrets.rotate, {
      object: idOf,
      does: (_i, key) => ({ version: key }),
      irreversible: "the old value stays valid until it is retired",
    }),
    retire: happens(world, secrets.retire, {
      object: idOf,
      does: () => ({}),
      irreversible: "retired values",
    }),
    users: async () => ["web", "api"],
  };
}

/** A tool whose plan differs each time it is asked: the earlier one is kept while the state's serial stands. */
export function applies(world: World): Provider<typeof stacks> {
  const idOfStack = (i: { stack: string; environment: string }) => `${i.environment}/${i.stack}`;
  const serialOf = (id: string) => Number(world.read(id)?.["serial"] ?? 0);
  const outputs = { bucket: "b" };
  const apply: EffectFaces<
    { stack: string; environment: string; ref: string },
    { outputs: { [name: string]: string } }
  > = {
    async preview(i, { before }) {
      const id = idOfStack(i);
      const serial = serialOf(id);
      const seen = { [id]: serial };
      if (before && "seen" in before && canonical(before.seen) === canonical(seen)) return before;
      world.plans += 1;
      const hash = sha256([id, serial, world.plans]).slice(0, 8);
      return {
        changes: [{ of: id, field: "buckets", from: serial, to: serial + 1 }],
        seen,
        will: { [id]: serial + 1 },
        keep: { hash, ref: `plans/${hash}` },
        undo: { irreversible: "apply an older ref to go back" },
      };
    },
    async run(i, { key }) {
      const id = idOfStack(i);
      world.set(id, { serial: serialOf(id) + 1, key });
      world.wrote("stacks.apply", key);
      return { outputs };
    },
    async find(i, key) {
      return world.read(idOfStack(i))?.["key"] === key ? { did: { outputs } } : "not done";
    },
  };
  return { apply };
}
