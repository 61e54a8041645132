/** Scenarios of bringing versions out: deploy, rollback, canary, promote, bulk. */
import assert from "node:assert/strict";
import type { People } from "../people.ts";
import type { Case, Ended } from "../rig.ts";
import bulk from "../world/workflows/bulk-deploy.ts";
import canary from "../world/workflows/canary.ts";
import deploy from "../world/workflows/deploy.ts";
import promote from "../world/workflows/promote.ts";
import rollback from "../world/workflows/rollback.ts";
import type { World } from "../world/world.ts";

export const prod = { service: "web", environment: "production" };

/** What runs in production before anything happens. */
export function running(world: World): void {
  for (const service of ["web", "api", "b", "c", "d"])
    world.set(`production/${service}`, { version: "1.4.1", percent: 100 });
}
export const versionOf = (ended: Ended, id: string) => ended.world.objects.get(id)?.["version"];

/** Somebody else changes web while votes are waited for; then Grace approves whatever is asked. */
async function movesThenApproves(people: People, version: string): Promise<boolean> {
  const asked = (await people.plans()).some((plan) => plan.state === "open");
  if (asked && !people.world.signs.has("moved")) {
    people.world.signs.add("moved");
    people.world.set("production/web", { version, percent: 100 });
  }
  return people.approve();
}

/** Grace approves; Ada cancels once it is released. */
async function approvesThenCancels(people: People): Promise<boolean> {
  if (await people.approve()) return true;
  const released = people.world.objects.get("production/web")?.["version"] === "slow";
  return released && people.cancel();
}

export const shipping: readonly Case[] = [
  {
    name: "deploy",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.says, "web 1.4.2 runs in production.");
      assert.equal(versionOf(ended, "production/web"), "1.4.2");
      assert.equal(ended.votes.length, 1);
    },
  },
  {
    name: "deploy: the first one ever",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
    check: (ended) => assert.equal(ended.state, "succeeded"),
  },
  {
    name: "deploy: a bad version is taken back",
    begin: [{ workflow: deploy, input: { ...prod, version: "bad" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "taken back");
      assert.equal(versionOf(ended, "production/web"), "1.4.1");
      assert.match(ended.says, /keeps crashing.*production\/web is as it was/i);
    },
  },
  {
    name: "deploy: nothing to change",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.1" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "nothing to do");
      assert.equal(ended.writes.length, 0);
      assert.equal(ended.votes.length, 0);
    },
  },
  {
    name: "deploy: the world moves before the vote",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
    setup: running,
    human: (people) => movesThenApproves(people, "1.4.0"),
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.votes.length, 2);
      assert.ok(
        ended.plans.some((plan) => /changed since .*1\.4\.0 → 1\.4\.2/.test(plan.why ?? "")),
      );
    },
  },
  {
    name: "deploy: the world moves between the second look and the effect",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
    setup(world) {
      running(world);
      let reads = 0;
      world.beforeRead = (id) => {
        reads += id === "production/web" ? 1 : 0;
        if (reads !== 3 || world.signs.has("moved")) return;
        world.signs.add("moved");
        world.set(id, { version: "1.4.0", percent: 100 });
      };
    },
    clean(ended) {
      assert.equal(ended.votes.length, 2);
      assert.ok(ended.plans.some((plan) => /1\.4\.0 → 1\.4\.2/.test(plan.why ?? "")));
    },
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.writes.length, 1);
    },
  },
  {
    name: "deploy: a lost answer",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
    setup(world) {
      running(world);
      world.loses = () => world.writes.length === 1;
    },
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.writes.length, 1);
    },
  },
  {
    name: "deploy: cancelled in the rollout",
    begin: [{ workflow: deploy, input: { ...prod, version: "slow" } }],
    setup: running,
    human: approvesThenCancels,
    check(ended) {
      assert.equal(ended.state, "cancelled");
      assert.equal(versionOf(ended, "production/web"), "1.4.1");
      assert.match(ended.says, /Ada cancelled this/);
    },
  },
  {
    name: "deploy: cancelled after a lost answer",
    begin: [{ workflow: deploy, input: { ...prod, version: "slow" } }],
    setup(world) {
      running(world);
      world.loses = () => world.writes.length === 1;
    },
    human: approvesThenCancels,
    check(ended) {
      assert.equal(ended.state, "cancelled");
      assert.equal(versionOf(ended, "production/web"), "1.4.1");
    },
  },
  {
    name: "deploy: cancelled before the vote",
    begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
    setup: running,
    human: (people) => people.cancel(),
    check(ended) {
      assert.equal(ended.state, "cancelled");
      assert.equal(ended.writes.length, 0);
      assert.equal(ended.says, "Ada cancelled this. Nothing changed.");
    },
  },
  {
    name: "rollback",
    begin: [{ workflow: rollback, input: prod }],
    setup: running,
    check: (ended) => assert.deepEqual(ended.output, { version: "1.4.2" }),
  },
  {
    name: "rollback: there is nothing to go back to",
    begin: [{ workflow: rollback, input: { ...prod, to: "0.9.0" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "refused");
      assert.equal(ended.says, "web in production has no earlier good release.");
    },
  },
  {
    name: "canary",
    begin: [{ workflow: canary, input: { ...prod, version: "1.4.2" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.writes.length, 4);
    },
  },
  {
    name: "canary: errors",
    begin: [{ workflow: canary, input: { ...prod, version: "1.4.2" } }],
    setup: running,
    async human({ world, approve }) {
      if (world.objects.get("production/web")?.["percent"] === 50) world.signs.add("errors");
      return approve();
    },
    check(ended) {
      assert.equal(ended.state, "taken back");
      assert.match(ended.picture, /"production\/web":{"percent":100,"version":"1\.4\.1"}/);
      assert.match(ended.says, /Errors are at 4 %.*What stays: a migration that ran\./);
    },
  },
  {
    name: "promote",
    begin: [
      {
        workflow: promote,
        input: { service: "web", from: "staging", to: "production", suite: "smoke" },
      },
    ],
    setup(world) {
      running(world);
      world.set("staging/web", { version: "1.5.1", percent: 100 });
    },
    check: (ended) => assert.deepEqual(ended.output, { version: "1.5.1" }),
  },
  {
    name: "bulk",
    begin: [{ workflow: bulk, input: several(["web", "api", "b", "c", "d"]) }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.votes.length, 1);
      assert.equal(ended.writes.length, 5);
    },
  },
  {
    name: "bulk: one bad takes back itself alone",
    begin: [{ workflow: bulk, input: several(["web", "api", "b", "c", "d"], "b") }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(versionOf(ended, "production/b"), "1.4.1");
      assert.equal(ended.picture.match(/1\.4\.2/g)?.length, 4);
    },
  },
  {
    name: "bulk: what needed no change moves before the vote",
    begin: [{ workflow: bulk, input: several(["web", "api"]) }],
    setup(world) {
      running(world);
      world.set("production/web", { version: "1.4.2", percent: 100 });
    },
    human: (people) => movesThenApproves(people, "1.3.0"),
    check(ended) {
      assert.equal(ended.picture.match(/1\.4\.2/g)?.length, 2);
      assert.equal(ended.votes.length, 2);
    },
  },
];

function several(services: readonly string[], bad?: string) {
  return {
    environment: "production",
    services: services.map((service) => ({ service, version: service === bad ? "bad" : "1.4.2" })),
  };
}
