/** Scenarios of taking back: as a teardown, after a cancel, and with an effect's own result. */
import assert from "node:assert/strict";
import { defineWorkflow, from, late, later, progress, Time, until } from "shipmate";
import { z } from "zod";
import type { Provider } from "../../../src/core/provider.ts";
import { effect, look, role } from "../../../src/core/role.ts";
import { serve } from "../../../src/engine/operations.ts";
import type { Case } from "../rig.ts";
import { databases, environments } from "../world/roles.ts";
import { ship } from "../world/workflows/parts/ship.ts";
import type { World } from "../world/world.ts";

const lease = defineWorkflow({
  name: "lease",
  input: z.object({ name: z.string(), ttl: Time }),
  title: (i) => `Lease ${i.name} for ${i.ttl}`,
  async run(step, { name, ttl }) {
    const database = { name: `${name}-db`, environment: name };
    const made = await step.change("create", [
      environments.create({ name, expires: ttl }),
      databases.create({ ...database, size: "small" }),
      until(databases.ready(database), { every: "10s", timeout: "5m" }),
      ...ship({ service: "web", environment: name, version: "1" }),
    ]);
    await step.wait("in use", { until: later(made.at, ttl) });
    await step.change("tear down", made.undo);
  },
});

const borrow = defineWorkflow({
  name: "borrow",
  input: z.object({ name: z.string() }),
  title: (i) => `Borrow ${i.name}`,
  async run(step, { name }) {
    const parts = ship({ service: "web", environment: name, version: "1" });
    const made = await step.change("create", parts);
    try {
      await step.wait("in use", { for: "7d" });
    } finally {
      await step.change("tear down", made.undo);
    }
  },
});

const things = role("things", {
  make: effect({
    input: z.object({ name: z.string() }),
    result: z.object({ id: z.string() }),
    on: (i) => [`things/${i.name}`],
    says: (i) => `make ${i.name}`,
  }),
  remove: effect({
    input: z.object({ id: late(z.string()) }),
    result: z.object({}),
    on: () => [],
    says: () => "remove it",
  }),
  check: look({ input: z.object({}), result: progress({}) }),
});

const makeThing = defineWorkflow({
  name: "make-thing",
  input: z.object({}),
  title: () => "Make a thing",
  async run(step) {
    const good = until(things.check({}), { every: "10s", timeout: "10m" });
    await step.change("make it", [things.make({ name: "a" }), good]);
  },
});

/** Ids are the server's own, so only a result tells what to remove. */
function thingsIn(world: World): Provider<typeof things> {
  return {
    make: {
      async preview({ name }, { self }) {
        const undo = [things.remove({ id: from(self, "id") })];
        return { changes: [{ of: name, from: null, to: "new" }], seen: {}, will: {}, undo };
      },
      async run({ name }, { key }) {
        world.set(`id-${key}`, { name });
        world.wrote("things.make", key);
        return { id: `id-${key}` };
      },
      async find(_input, key) {
        return world.objects.has(`id-${key}`) ? { did: { id: `id-${key}` } } : "not done";
      },
    },
    remove: {
      async preview({ id }) {
        if (typeof id !== "string") throw new Error("the id is not known at the undo");
        if (!world.objects.has(id)) return { same: {} };
        const undo = { irreversible: "removed" };
        return { changes: [{ of: id, from: "there", to: null }], seen: {}, will: {}, undo };
      },
      async run({ id }, { key }) {
        world.set(id, null);
        world.wrote("things.remove", key);
        return {};
      },
    },
    async check() {
      if (world.signs.has("slow")) return { state: "going", says: "It is not sure yet." };
      return { state: "bad", says: "It is no good." };
    },
  };
}

export const undoing: readonly Case[] = [
  {
    name: "undo: as the teardown of what was made",
    begin: [{ workflow: lease, input: { name: "pr-1", ttl: "1d" } }],
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.picture, "{}");
      assert.equal(ended.writes.length, 6);
    },
  },
  {
    name: "undo: cancelled in a wait, cleaned up in finally",
    begin: [{ workflow: borrow, input: { name: "pr-1" } }],
    async human(people) {
      const [run] = await people.runs();
      return (run?.waits ?? []).some((wait) => wait.step === "in use") && people.cancel();
    },
    check(ended) {
      assert.equal(ended.state, "cancelled");
      assert.equal(ended.picture, "{}");
      assert.equal(ended.writes.length, 2);
    },
  },
  {
    name: "undo: needs the effect's own result",
    begin: [{ workflow: makeThing, input: {} }],
    serves: (world) => [serve(things, "world", thingsIn(world))],
    check(ended) {
      assert.equal(ended.state, "taken back");
      assert.equal(ended.picture, "{}");
      assert.deepEqual(
        ended.writes.map((write) => write.op),
        ["things.make", "things.remove"],
      );
    },
  },
  {
    name: "undo: needs the effect's own result, whose answer was lost when it was cancelled",
    begin: [{ workflow: makeThing, input: {} }],
    serves: (world) => [serve(things, "world", thingsIn(world))],
    setup(world) {
      world.signs.add("slow");
      world.loses = () => world.writes.length === 1;
    },
    human: (people) => people.cancel(),
    check(ended) {
      assert.equal(ended.state, "cancelled");
      assert.equal(ended.picture, "{}");
    },
  },
];
