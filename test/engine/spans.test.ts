/** Spans of runs that lived through crashes, and how they are sent. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecorded, spansOf } from "../../src/engine/spans.ts";
import { startTracing } from "../../src/engine/tracing.ts";
import type { Span } from "../../src/observe/trace.ts";
import type { Database } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { type Case, type Ended, openRig } from "./rig.ts";
import { prod, running } from "./scenarios/shipping.ts";
import { scenarios } from "./scenarios.ts";
import deploy from "./world/workflows/deploy.ts";

let database: Database;
let live: (c: Case, crashes?: readonly number[]) => Promise<Ended>;
beforeAll(async () => {
  database = await memoryDatabase();
  live = await openRig(database);
});
afterAll(() => database.close());

const shipping: Case = {
  name: "a deploy that somebody approves",
  begin: [{ workflow: deploy, input: { ...prod, version: "1.4.2" } }],
  setup: running,
  check: () => {},
};

async function spans(run = "run-1"): Promise<readonly Span[]> {
  const recorded = await readRecorded(database, run);
  if (!recorded) throw new Error(`${run} has not ended`);
  return spansOf(recorded);
}
const keys = (all: readonly Span[]) => all.map(({ key, in: within, name }) => [within, key, name]);

test("a run is one span, its steps are in it, and effects and approvals in their steps", async () => {
  await live(shipping);
  const all = await spans();
  const named = (name: string) => all.find((span) => span.name === name);
  const [root] = all;
  expect(root).toMatchObject({ key: "", name: "deploy", run: "run-1" });
  expect(root?.facts).toMatchObject({ "shipmate.state": "succeeded" });
  const change = all.find(({ facts }) => facts["shipmate.kind"] === "change");
  expect(change?.in).toBe("");
  expect(named("clusters.release")?.in).toBe(change?.key);
  expect(named("until clusters.rollout")?.in).toBe(change?.key);
  expect(named("approval")).toMatchObject({ in: change?.key });
  expect(all.every(({ wrong }) => wrong === undefined)).toBe(true);
});

test("after crashes, in several processes, it is the same trace", async () => {
  const { ticks } = await live(shipping);
  const whole = keys(await spans());
  for (const at of [0.2, 0.5, 0.8]) {
    await live(shipping, [Math.floor(ticks * at)]);
    expect(keys(await spans())).toEqual(whole);
  }
});

test("whatever happens to a run, each span lies in its run, in one that is there, under a key of its own", async () => {
  for (const scenario of scenarios.filter((_, place) => place % 4 === 0)) {
    const { runs } = await live(scenario);
    for (const { id } of runs) {
      const recorded = await readRecorded(database, id);
      if (!recorded) continue;
      const all = spansOf(recorded);
      const known = new Set(all.map(({ key }) => key));
      expect(known.size, scenario.name).toBe(all.length);
      for (const span of all) {
        if (span.in !== undefined) expect(known, scenario.name).toContain(span.in);
        expect(span.from, `${scenario.name}: ${span.name}`).toBeGreaterThanOrEqual(
          all[0]?.from ?? 0,
        );
        expect(span.to, `${scenario.name}: ${span.name}`).toBeGreaterThanOrEqual(span.from);
      }
    }
  }
});

test("a collector that is away gets every trace once it is back", async () => {
  await live(shipping);
  const sent: string[] = [];
  const trouble: unknown[] = [];
  let away = true;
  const tracing = startTracing({
    database,
    pause: 20,
    async send(all) {
      if (away) throw new Error("away");
      sent.push(...all.filter(({ key }) => key === "").map(({ run }) => run));
    },
    troubled: (error) => trouble.push(error),
  });
  tracing.ended("run-1");
  await expect.poll(() => trouble.length).toBeGreaterThan(0);
  away = false;
  await expect.poll(() => sent).toEqual(["run-1"]);
  await tracing.close();
});

test("what another process left is sent by the next that comes up", async () => {
  await live(shipping);
  const sent: Span[] = [];
  const tracing = startTracing({
    database,
    send: async (all) => void sent.push(...all),
    troubled: (error) => {
      throw error;
    },
  });
  await expect.poll(() => sent.length).toBeGreaterThan(3);
  await tracing.close();
});
