/** Scenarios of faults: providers that fail again and again, and outcomes that nobody can find out. */
import assert from "node:assert/strict";
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import type { Provider } from "../../../src/core/provider.ts";
import { effect, role } from "../../../src/core/role.ts";
import { serve } from "../../../src/engine/operations.ts";
import type { Case } from "../rig.ts";
import { houses } from "../world/providers/owning.ts";
import { environments } from "../world/roles.ts";
import type { World } from "../world/world.ts";

const visit = defineWorkflow({
  name: "visit",
  input: z.object({ name: z.string() }),
  title: (i) => `Visit ${i.name}`,
  async run(step, { name }) {
    await step.change("create", [environments.create({ name, expires: "1d" })]);
    await step.change("tear down", [environments.destroy({ name })]);
  },
});

/** Fails that many times, whoever asks. */
function failing(times: number) {
  return (world: World) => {
    const good = houses(world);
    const destroy: typeof good.destroy = {
      ...good.destroy,
      async run(input, run) {
        const failed = world.signs.size;
        if (failed >= times) return good.destroy.run(input, run);
        world.signs.add(`failed ${failed + 1}`);
        throw new Error("503 from the cluster");
      },
    };
    return [serve(environments, "world", { ...good, destroy })];
  };
}

const letters = role("letters", {
  send: effect({
    input: z.object({ to: z.string() }),
    result: z.object({}),
    on: (i) => [`letters/${i.to}`],
    says: (i) => `send a letter to ${i.to}`,
  }),
});

/** Nobody can tell from outside whether a letter was sent. */
function post(world: World): Provider<typeof letters> {
  return {
    send: {
      async preview({ to }) {
        const undo = { irreversible: "a letter that was sent" };
        return { changes: [{ of: to, from: null, to: "a letter" }], seen: {}, will: {}, undo };
      },
      async run({ to }, { key }) {
        if (!world.signs.has("answered")) {
          world.signs.add("answered");
          throw new Error("the line went dead");
        }
        world.set(`letters/${to}`, {});
        world.wrote("letters.send", key);
        return {};
      },
      find: async () => "unknown",
    },
  };
}

const write = defineWorkflow({
  name: "write",
  input: z.object({}),
  title: () => "Write to Linus",
  async run(step) {
    await step.change("write", [letters.send({ to: "linus" })]);
  },
});

export const failures: readonly Case[] = [
  {
    name: "fault: it keeps failing, then is tried again",
    begin: [{ workflow: visit, input: { name: "pr-1" } }],
    serves: failing(7),
    human: (people) => people.press("try-again", undefined, 9),
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.picture, "{}");
      assert.equal(ended.writes.length, 2);
    },
  },
  {
    name: "fault: it keeps failing and waits for a person",
    begin: [{ workflow: visit, input: { name: "pr-1" } }],
    serves: failing(99),
    human: async () => false,
    stays: true,
    check(ended) {
      assert.equal(ended.state, "parked");
      const buttons = ended.runs[0]?.waits?.flatMap((wait) => wait.buttons ?? []);
      assert.deepEqual(
        buttons?.map((button) => button.label),
        ["Try again", "Take back"],
      );
      assert.equal(ended.picture, '{"pr-1":{"expires":"1d"}}');
    },
    clean: (ended) =>
      assert.match(
        ended.runs[0]?.waits?.[0]?.says ?? "",
        /tear down pr-1 did not work, 4 times in 77 s \(503 from the cluster\)\. Nothing was lost\./i,
      ),
  },
  {
    name: "fault: it keeps failing and is taken back",
    begin: [{ workflow: visit, input: { name: "pr-1" } }],
    serves: failing(99),
    human: (people) => people.press("take-back"),
    check(ended) {
      assert.match(ended.says, /503 from the cluster/);
      assert.equal(ended.picture, '{"pr-1":{"expires":"1d"}}');
    },
  },
  {
    name: "fault: nobody knows whether it happened; it is there",
    begin: [{ workflow: write, input: {} }],
    serves: (world) => [serve(letters, "world", post(world))],
    setup(world) {
      world.signs.add("answered");
      world.loses = () => true;
    },
    human: tellTheTruth,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.writes.length, 1);
    },
  },
  {
    name: "fault: nobody knows whether it happened; it is not there",
    begin: [{ workflow: write, input: {} }],
    serves: (world) => [serve(letters, "world", post(world))],
    human: tellTheTruth,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.writes.length, 1);
    },
  },
];

/** Somebody looks into the letter box and presses what is so. */
function tellTheTruth(people: Parameters<NonNullable<Case["human"]>>[0]): Promise<boolean> {
  const there = people.world.objects.has("letters/linus");
  return people.press(there ? "it-is-there" : "it-is-not-there", undefined, 9);
}
