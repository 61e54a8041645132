/** Scenarios of several runs that want the same target. */
import assert from "node:assert/strict";
import { defineWorkflow } from "shipmate";
import { z } from "zod";
import { linus } from "../people.ts";
import type { Case } from "../rig.ts";
import { environments } from "../world/roles.ts";
import deploy from "../world/workflows/deploy.ts";
import { prod, running, versionOf } from "./shipping.ts";

const destroy = defineWorkflow({
  name: "destroy",
  input: z.object({ name: z.string() }),
  title: (i) => `Tear down ${i.name}`,
  async run(step, { name }) {
    await step.change("tear down", [environments.destroy({ name })]);
  },
});

export const queueing: readonly Case[] = [
  {
    name: "queue: two deploys of one service go one after the other",
    begin: [
      { workflow: deploy, input: { ...prod, version: "1.4.2" } },
      { workflow: deploy, input: { ...prod, version: "1.4.3" }, by: linus },
    ],
    setup: running,
    check(ended) {
      assert.deepEqual(
        ended.runs.map((run) => run.state),
        ["succeeded", "succeeded"],
      );
      assert.equal(versionOf(ended, "production/web"), "1.4.3");
      assert.equal(ended.writes.length, 2);
    },
    clean: (ended) => assert.equal(ended.votes.length, 3, "the second is asked for again"),
  },
  {
    name: "queue: a teardown waits for the deploy below it",
    begin: [
      { workflow: deploy, input: { service: "web", environment: "pr-1", version: "1" } },
      { workflow: destroy, input: { name: "pr-1" } },
    ],
    check(ended) {
      assert.deepEqual(
        ended.runs.map((run) => run.state),
        ["succeeded", "succeeded"],
      );
      assert.equal(ended.picture, "{}");
      assert.deepEqual(
        ended.writes.map((write) => write.op),
        ["clusters.release", "environments.destroy"],
      );
    },
  },
];
