/** Scenarios of code that changes under a run, races its steps or forgets one. */
import assert from "node:assert/strict";
import { defineWorkflow, until } from "shipmate";
import { z } from "zod";
import type { People } from "../people.ts";
import type { Case } from "../rig.ts";
import { clusters } from "../world/roles.ts";
import { ship } from "../world/workflows/parts/ship.ts";
import type { World } from "../world/world.ts";

const at = { service: "web", environment: "staging" };

const stepwise = (shares: readonly number[]) =>
  defineWorkflow({
    name: "stepwise",
    input: z.object({}),
    title: () => "Ship stepwise",
    async run(step) {
      const acts = shares.flatMap((percent) => [
        clusters.release({ ...at, version: "2", percent }),
        until(clusters.rollout(at), { every: "2s", timeout: "5m" }),
      ]);
      await step.change("ship", acts);
    },
  });
const older = stepwise([10, 100]);
const newer = stepwise([10, 50, 100]);
/** Whoever starts after the first release runs the newer code. */
const code = (world: World) => [world.writes.length > 0 ? newer : older];

/** Somebody restarts after the first release, and presses. */
const changesThen = (button: string) => async (people: People) => {
  const { world } = people;
  if (world.writes.length === 1 && !world.signs.has("restarted")) {
    world.signs.add("restarted");
    people.restart();
    return true;
  }
  return people.press(button);
};

const race = defineWorkflow({
  name: "race",
  input: z.object({}),
  title: () => "Race",
  async run(step) {
    const winner = await Promise.race([
      step.wait("a", { for: "2h" }).then(() => "a"),
      step.wait("b", { for: "1h" }).then(() => "b"),
    ]);
    await step.note("won", `${winner} won`);
  },
});

const forgetful = defineWorkflow({
  name: "forgetful",
  input: z.object({}),
  title: () => "Forget",
  async run(step) {
    void step.change("ship", ship({ ...at, version: "2" }));
  },
});

const before = (world: World) => world.set("staging/web", { version: "1", percent: 100 });

export const mending: readonly Case[] = [
  {
    name: "code: changed in the middle of a change, taken back",
    begin: [{ workflow: older, input: {} }],
    code,
    setup: before,
    human: changesThen("take-back"),
    check(ended) {
      assert.equal(ended.state, "taken back");
      assert.equal(ended.picture, '{"staging/web":{"percent":100,"version":"1"}}');
    },
  },
  {
    name: "code: changed in the middle of a change, abandoned",
    begin: [{ workflow: older, input: {} }],
    code,
    setup: before,
    human: changesThen("abandon"),
    check(ended) {
      assert.equal(ended.state, "abandoned");
      assert.equal(ended.picture, '{"staging/web":{"percent":10,"version":"2"}}');
    },
  },
  {
    name: "code: changed in the middle of a change, started again",
    begin: [{ workflow: older, input: {} }],
    code,
    setup: before,
    human: changesThen("start-again"),
    check(ended) {
      assert.deepEqual(
        ended.runs.map((run) => run.state),
        ["taken back", "succeeded"],
      );
      assert.equal(ended.picture, '{"staging/web":{"percent":100,"version":"2"}}');
    },
  },
  {
    name: "code: a race of steps is a fault",
    begin: [{ workflow: race, input: {} }],
    stays: true,
    check(ended) {
      assert.equal(ended.state, "parked");
      assert.match(
        ended.runs[0]?.waits?.map((wait) => wait.says).join() ?? "",
        /"a" was under way/,
      );
    },
  },
  {
    name: "code: a forgotten await is a fault",
    begin: [{ workflow: forgetful, input: {} }],
    setup: before,
    stays: true,
    check(ended) {
      assert.equal(ended.state, "parked");
      const says = ended.runs[0]?.waits?.map((wait) => wait.says).join() ?? "";
      assert.match(says, /"ship" was under way: an await is missing/);
    },
  },
];
