/** Scenarios of runs that wait for people and have children: incident, drift. */
import assert from "node:assert/strict";
import type { Case } from "../rig.ts";
import drift from "../world/workflows/drift-scan.ts";
import incident from "../world/workflows/incident.ts";
import rollback from "../world/workflows/rollback.ts";
import settle from "../world/workflows/settle-drift.ts";
import { prod, running } from "./shipping.ts";

export const minding: readonly Case[] = [
  {
    name: "incident",
    begin: [{ workflow: incident, input: { ...prod, id: "7", alert: "5xx", people: ["ada"] } }],
    children: [rollback],
    setup: running,
    async human(people) {
      if (await people.press("rollback", { service: "web" })) return true;
      if (await people.approve()) return true;
      const { world, hours } = people;
      const back = world.objects.get("production/web")?.["version"] === "1.4.2";
      if (back && hours > 3) world.signs.add("resolved");
      return false;
    },
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.deepEqual(
        ended.runs.map((run) => run.state),
        ["succeeded", "succeeded"],
      );
      assert.match(ended.picture, /"open":false/);
    },
  },
  {
    name: "incident: cancelled while its child waits for a vote",
    begin: [{ workflow: incident, input: { ...prod, id: "7", alert: "5xx", people: ["ada"] } }],
    children: [rollback],
    setup: running,
    async human(people) {
      if (await people.press("rollback", { service: "web" })) return true;
      const asked = (await people.plans()).some((plan) => plan.state === "open");
      return asked && people.cancel();
    },
    check(ended) {
      assert.deepEqual(
        ended.runs.map((run) => run.state),
        ["cancelled", "cancelled"],
      );
      assert.equal(ended.writes.length, 1);
    },
  },
  {
    name: "drift scan",
    begin: [{ workflow: drift, input: {} }],
    children: [settle],
    human: async (people) => (await people.press("back")) || people.press("accept"),
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.runs.length, 3);
      assert.match(ended.picture, /"accepted".*"back"/);
    },
  },
];
