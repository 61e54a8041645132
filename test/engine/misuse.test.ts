/** What an author may get wrong is told at the first plan, in a sentence, before anything happens. */

import { all, defineWorkflow, from, refuse, type Step } from "shipmate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Effect } from "../../src/core/operation.ts";
import { serveBy } from "../../src/engine/operations.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { clusters, gitops, repos } from "./world/roles.ts";
import { ship } from "./world/workflows/parts/ship.ts";

let database: Database;
let live: (c: Case) => Promise<Ended>;
beforeAll(async () => {
  database = await memoryDatabase();
  live = await openRig(database);
});
afterAll(() => database.close());

const at = { service: "web", environment: "staging" };
const repo = repos.create({ name: "a", owner: "b" });
const follow = (of: typeof repo) =>
  gitops.application({ ...at, repo: from(of, "url"), path: "k8s/" });

/** A run of this code, up to where it parks or ends. */
function run(code: (step: Step) => Promise<unknown>): Promise<Ended> {
  const workflow = defineWorkflow({
    name: "misused",
    input: z.object({}),
    title: () => "Misuse",
    async run(step) {
      await code(step);
    },
  });
  const human: Case["human"] = async () => false;
  return live({ name: "misuse", begin: [{ workflow, input: {} }], human, stays: true, check() {} });
}

/** Parked with a sentence that says what is wrong, and nothing happened outside. */
async function told(code: (step: Step) => Promise<unknown>, says: RegExp): Promise<void> {
  const ended = await run(code);
  const sentences = ended.runs[0]?.waits?.map((wait) => wait.says).join(" ");
  expect(sentences).toMatch(says);
  expect(ended.state).toBe("parked");
  expect(ended.writes).toEqual([]);
}

describe("a mistake of an author parks the run and says what is wrong", () => {
  it("tells of from() that names an operation left out", () =>
    told((step) => step.change("c", [follow(repo)]), /not in this change/));

  it("tells of from() that points forward", () =>
    told((step) => step.change("c", [follow(repo), repo]), /not before it/));

  it("tells of from() that points into another part of a group", () =>
    told((step) => step.change("c", [all([[repo], [follow(repo)]])]), /not before it/));

  it("tells of the same operation twice", () =>
    told((step) => step.change("c", [repo, repo]), /the same operation twice/));

  it("tells of two steps with one name", () =>
    told(async (step) => {
      await step.look("a", clusters.running(at));
      await step.look("a", clusters.running(at));
    }, /two steps are named "a"/));

  it("tells of from() in a text", () =>
    told(async (step) => {
      const late: unknown = from(repo, "url");
      const url = `${late as string}.git`;
      await step.change("c", [repo, gitops.application({ ...at, repo: url, path: "" })]);
    }, /known only later/));

  it("tells of an operation that nobody serves", () =>
    told((step) => {
      const strange: Effect = { kind: "effect", op: "rockets.launch", input: {} };
      return step.change("c", [strange]);
    }, /rockets\.launch is served by nobody/));

  it("tells of code that waits for something that is no step", () =>
    told(async (step) => {
      await step.note("a", "Soon.");
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    }, /waits for something that is no step/));

  it("tells of code that throws", () =>
    told(async () => {
      throw new Error("a mistake");
    }, /the workflow's code failed: a mistake/i));
});

describe("a step that was forgotten", () => {
  it("is told even where everything else went well", async () => {
    const ended = await run(async (step) => {
      void step.wait("later", { for: "1d" });
      await step.change("ship", ship({ ...at, version: "2" }));
    });
    expect(ended.state).toBe("parked");
    expect(ended.runs[0]?.waits?.map((wait) => wait.says).join(" ")).toMatch(
      /"later" was under way/,
    );
  });
});

it("is not ended by a step that nobody awaits and that refuses", async () => {
  const workflow = defineWorkflow({
    name: "forgetful",
    input: z.object({}),
    title: () => "Forget",
    async run(step) {
      void step.look("refused", clusters.running(at));
      await step.wait("rest", { for: "1h" });
    },
  });
  const refusing = serveBy(clusters, () => refuse("Nobody may look at this."));
  const ended = await live({
    name: "forgetful",
    begin: [{ workflow, input: {} }],
    serves: () => [refusing],
    check() {},
  });
  // Nothing caught that refusal: where it could end the process, this test would fail with it.
  expect(ended.state).toBe("succeeded");
});
