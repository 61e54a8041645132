/** Scenarios of asking people: who may vote, on what, until when, and what else counts for nothing. */
import assert from "node:assert/strict";
import { ada, grace, linus, mallory } from "../people.ts";
import { type Case, house } from "../rig.ts";
import deploy from "../world/workflows/deploy.ts";
import { prod, running } from "./shipping.ts";

const begin = [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }];
const twoOfPayments = { of: "payments", count: 2, people: ["grace", "linus", "barbara"] };

export const asking: readonly Case[] = [
  {
    name: "vote: a rejection ends it",
    begin,
    setup: running,
    human: (people) => people.vote("no", grace),
    check(ended) {
      assert.equal(ended.state, "rejected");
      assert.equal(ended.writes.length, 0);
      assert.equal(ended.says, "Grace rejected this. Nothing changed.");
    },
  },
  {
    name: "vote: nobody answers",
    begin,
    setup: running,
    human: async () => false,
    check(ended) {
      assert.equal(ended.state, "expired");
      assert.equal(ended.writes.length, 0);
      assert.equal(ended.says, "Nobody answered in 4 h. Nothing changed.");
      assert.ok(ended.hours >= 4 && ended.hours < 4.1, `${ended.hours} h`);
    },
  },
  {
    name: "vote: a withdrawn one does not count",
    begin,
    setup: running,
    policy: (draft) => ({ ...house(draft), needs: [twoOfPayments] }),
    async human(people) {
      const votes = await people.votes();
      const of = (person: string) => votes.filter((vote) => vote.person === person);
      if (of("grace").length === 0) return people.vote("yes", grace);
      if (of("grace").every((vote) => !vote.withdrawn)) return people.vote("withdraw", grace);
      return of("linus").length === 0 && people.vote("yes", linus);
    },
    check(ended) {
      assert.equal(ended.state, "expired");
      assert.equal(ended.writes.length, 0);
      assert.deepEqual(
        ended.votes.map((vote) => [vote.person, vote.withdrawn]),
        [
          ["grace", true],
          ["linus", false],
        ],
      );
    },
  },
  {
    name: "vote: withdrawn and given again",
    begin,
    setup: running,
    policy: (draft) => ({ ...house(draft), needs: [twoOfPayments] }),
    async human(people) {
      const votes = await people.votes();
      const of = (person: string) => votes.filter((vote) => vote.person === person);
      if (of("grace").length === 0) return people.vote("yes", grace);
      if (of("grace").every((vote) => !vote.withdrawn)) return people.vote("withdraw", grace);
      if (of("linus").length === 0) return people.vote("yes", linus);
      return of("grace").length === 1 && people.vote("yes", grace);
    },
    check(ended) {
      assert.equal(ended.votes.length, 3);
      assert.equal(ended.writes.length, 1);
    },
    clean: (ended) => assert.equal(ended.state, "succeeded"),
  },
  {
    name: "vote: on an old digest it does nothing",
    begin,
    setup: running,
    async human(people) {
      const plans = await people.plans();
      const [first, second] = plans;
      if (!second) {
        if (!first) return false;
        people.world.set("production/web", { version: "1.4.0", percent: 100 });
        return people.approve(grace);
      }
      await people.vote("yes", linus, first?.digest);
      return false;
    },
    check(ended) {
      assert.equal(ended.state, "expired");
      assert.equal(ended.writes.length, 0);
      assert.deepEqual(
        ended.votes.map((vote) => vote.person),
        ["grace"],
      );
      assert.ok(ended.refusals.some((says) => /plan changed since that card/.test(says)));
    },
  },
  {
    name: "vote: the requester's own does nothing, nor a stranger's",
    begin,
    setup: running,
    async human(people) {
      await people.vote("yes", ada);
      await people.vote("no", mallory);
      return false;
    },
    check(ended) {
      assert.equal(ended.state, "expired");
      assert.equal(ended.votes.length, 0);
      assert.equal(ended.writes.length, 0);
    },
  },
];
