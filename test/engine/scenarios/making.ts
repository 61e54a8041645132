/** Scenarios of making things: environments, services, databases, secrets, stacks. */
import assert from "node:assert/strict";
import type { Case } from "../rig.ts";
import adopt from "../world/workflows/adopt.ts";
import apply from "../world/workflows/apply-stack.ts";
import create from "../world/workflows/create-service.ts";
import preview from "../world/workflows/preview.ts";
import database from "../world/workflows/provision-database.ts";
import rotate from "../world/workflows/rotate-secret.ts";
import { prod, running } from "./shipping.ts";

const environment = {
  name: "pr-123",
  ttl: "7d",
  seedFrom: "staging",
  pull: { name: "web", number: 123 },
  services: ["frontend", "backend"].map((name) => ({ name, version: "pr-123" })),
};

export const making: readonly Case[] = [
  {
    name: "preview: its time is over",
    begin: [{ workflow: preview, input: environment }],
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.ok(ended.hours >= 168 && ended.hours < 170, `${ended.hours} h`);
      assert.equal(ended.picture, "{}");
      const ready = ended.notes.filter((note) => note === "pr-123 runs at http://pr-123");
      assert.equal(ready.length, 1);
    },
  },
  {
    name: "preview: extended by 3 days",
    begin: [{ workflow: preview, input: environment }],
    human: (people) => people.press("extend", { by: "3d" }),
    check(ended) {
      assert.ok(ended.hours >= 240 && ended.hours < 242, `${ended.hours} h`);
      assert.equal(ended.picture, "{}");
    },
  },
  {
    name: "preview: extended by a span that makes no sense",
    begin: [{ workflow: preview, input: environment }],
    async human(people) {
      if (people.world.signs.has("typed")) return false;
      const pressed = await people.press("extend", { by: "-3d" });
      if (pressed) people.world.signs.add("typed");
      return pressed;
    },
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.ok(ended.hours >= 168 && ended.hours < 170, `${ended.hours} h`);
      assert.equal(ended.picture, "{}");
    },
  },
  {
    name: "preview: its pull request is closed on day 2",
    begin: [{ workflow: preview, input: environment }],
    async human({ hours, world }) {
      if (hours > 47) world.signs.add("closed");
      return false;
    },
    check: (ended) => assert.ok(ended.hours < 73, `${ended.hours} h`),
  },
  {
    name: "preview: its button is pressed",
    begin: [{ workflow: preview, input: environment }],
    human: (people) => people.press("end"),
    check: (ended) => assert.ok(ended.hours < 2, `${ended.hours} h`),
  },
  {
    name: "preview: a bad image takes all of it back",
    begin: [
      {
        workflow: preview,
        input: { ...environment, services: [{ name: "frontend", version: "bad" }] },
      },
    ],
    check(ended) {
      assert.equal(ended.state, "taken back");
      assert.equal(ended.picture, "{}");
    },
  },
  {
    name: "create service",
    begin: [
      {
        workflow: create,
        input: {
          name: "shop",
          owner: "payments",
          template: "python-service",
          environment: "production",
        },
      },
    ],
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.match(ended.world.picture(), /"version":"0\.1\.0-[0-9a-f]{4}"/);
      assert.deepEqual(ended.output, { repo: "https://git/shop" });
    },
  },
  {
    name: "provision database",
    begin: [{ workflow: database, input: { ...prod, size: "small" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.match(ended.picture, /"DATABASE_URL":"secret:\/\/web-db"/);
    },
  },
  {
    name: "rotate secret",
    begin: [{ workflow: rotate, input: { name: "stripe", environment: "production" } }],
    setup: running,
    check(ended) {
      assert.equal(ended.state, "succeeded");
      assert.equal(ended.writes.length, 4);
      assert.equal(ended.writes.at(-1)?.op, "secrets.retire");
    },
  },
  {
    name: "stack: a saved plan stays the one that was approved",
    begin: [{ workflow: apply, input: { stack: "net", environment: "production" } }],
    check(ended) {
      assert.deepEqual(ended.output, { bucket: "b" });
      assert.equal(ended.votes.length, 1);
    },
  },
  {
    name: "adopt",
    begin: [{ workflow: adopt, input: { ...prod, owner: "payments", repo: "https://git/web" } }],
    setup: running,
    check: (ended) => assert.equal(ended.state, "succeeded"),
  },
];
