/** Each metric by its name: what makes it, and what it then says. */
import { readFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Happened } from "../../src/observe/meter.ts";
import { type Counted, type MetricsParts, metrics } from "../../src/observe/metrics.ts";

const nothing: Counted = {
  ...{ runs: {}, due: 0, inbox: 0, inbox_age: 0, behind: {} },
  ...{ unsealed: 0, unsealed_age: 0, head_age: null },
};

function measured(counted: Partial<Counted> = {}, more: Partial<MetricsParts> = {}) {
  let asked = 0;
  const made = metrics({
    ...{ mode: "fleet", version: "0.1.0" },
    async count() {
      asked += 1;
      return { ...nothing, ...counted };
    },
    ...more,
  });
  onTestFinished(() => made.close());
  return { ...made, asked: () => asked };
}

/** The lines of one metric without its help. */
async function linesOf(name: string, from: { text(): Promise<string> }): Promise<string[]> {
  return (await from.text()).split("\n").filter((line) => line.startsWith(name));
}

const run = "r1";
test.each<[line: string, happened: Happened]>([
  [
    'shipmate_runs_ended_total{state="taken back"} 1',
    { is: "ended", run, workflow: "deploy", state: "taken back", seconds: 3 },
  ],
  [
    'shipmate_step_seconds_count{kind="look"} 1',
    { is: "step", run, step: "a", kind: "look", seconds: 0.2 },
  ],
  [
    'shipmate_step_seconds_bucket{le="0.25",kind="look"} 1',
    { is: "step", run, step: "a", kind: "look", seconds: 0.2 },
  ],
  [
    'shipmate_step_seconds_bucket{le="0.1",kind="look"} 0',
    { is: "step", run, step: "a", kind: "look", seconds: 0.2 },
  ],
  [
    'shipmate_operation_seconds_sum{op="clusters.release",face="run",came="failed"} 2',
    { is: "call", op: "clusters.release", face: "run", came: "failed", seconds: 2 },
  ],
  [
    'shipmate_effects_total{op="clusters.release",back="true"} 1',
    { is: "effect", run, step: "a", op: "clusters.release", back: true },
  ],
  ["shipmate_faults_total 1", { is: "fault", run, step: "a", says: "away", count: 1 }],
  ["shipmate_leases_lost_total 1", { is: "lease lost", run }],
  [
    'shipmate_ack_seconds_count{surface="slack",came="seen"} 1',
    { is: "stored", surface: "slack", came: "seen", seconds: 0.01 },
  ],
  [
    'shipmate_card_seconds_sum{surface="slack"} 1.5',
    { is: "posted", surface: "slack", seconds: 1.5 },
  ],
  ['shipmate_chat_limited_total{surface="slack"} 1', { is: "held off", surface: "slack" }],
  ["shipmate_troubles_total 1", { is: "trouble" }],
])("%s", async (line, happened) => {
  const here = measured();
  here.meter(happened);
  expect((await here.text()).split("\n")).toContain(line);
});

test.each<[line: string, counted: Partial<Counted>]>([
  ['shipmate_runs{state="waiting"} 2', { runs: { waiting: 2 } }],
  ['shipmate_runs{state="running"} 0', { runs: { waiting: 2 } }],
  ["shipmate_runs_due 7", { due: 7 }],
  ["shipmate_inbox_open 3", { inbox: 3 }],
  ["shipmate_inbox_age_seconds 1.5", { inbox_age: 1_500 }],
  ['shipmate_cards_behind{surface="teams"} 4', { behind: { teams: { messages: 4, age: 9_000 } } }],
  [
    'shipmate_card_lag_seconds{surface="teams"} 9',
    { behind: { teams: { messages: 4, age: 9_000 } } },
  ],
  ["shipmate_audit_unsealed 5", { unsealed: 5 }],
  ["shipmate_audit_lag_seconds 2", { unsealed_age: 2_000 }],
  ["shipmate_audit_head_age_seconds 60", { head_age: 60_000 }],
  ["shipmate_database_up 1", {}],
  ['shipmate_info{version="0.1.0",mode="fleet"} 1', {}],
])("%s, as the database says", async (line, counted) => {
  expect((await measured(counted).text()).split("\n")).toContain(line);
});

test("shipmate_watch_stale_seconds is told where a cluster is connected, and not elsewhere", async () => {
  expect(
    await linesOf("shipmate_watch_stale_seconds", measured({}, { silence: () => 12_000 })),
  ).toEqual(["shipmate_watch_stale_seconds 12"]);
  expect(await linesOf("shipmate_watch_stale_seconds", measured())).toEqual([]);
});

test("shipmate_redis_up is told where a Redis is set, and not elsewhere", async () => {
  const told = (redis?: boolean) =>
    linesOf("shipmate_redis_up", measured({}, { redis: () => redis }));
  expect(await told(true)).toEqual(["shipmate_redis_up 1"]);
  expect(await told(false)).toEqual(["shipmate_redis_up 0"]);
  expect(await told()).toEqual([]);
});

test.each([
  "process_resident_memory_bytes",
  "process_cpu_seconds_total",
  "process_start_time_seconds",
  "nodejs_eventloop_lag_p99_seconds",
])("%s", async (name) => {
  const [line = ""] = await linesOf(name, measured());
  expect(Number(line.split(" ")[1])).toBeGreaterThanOrEqual(0);
});

test("a database that is away leaves the rest there, and nothing old is told", async () => {
  let [away, time] = [false, 0];
  const here = metrics({
    ...{ mode: "fleet", version: "0.1.0" },
    count: async () => {
      if (away) throw new Error("away");
      return { ...nothing, due: 7, runs: { waiting: 2 }, head_age: 5 };
    },
    now: () => time,
  });
  onTestFinished(() => here.close());
  expect(await here.text()).toContain("shipmate_runs_due 7");
  away = true;
  time += 1_001;
  const text = await here.text();
  expect(text).toContain("shipmate_database_up 0");
  expect(text).toContain("shipmate_leases_lost_total 0");
  expect(text).not.toMatch(/^shipmate_(runs|runs_due|inbox_open|audit_\w+)[ {]/m);
});

test("who asks all the time asks the database once a second", async () => {
  let time = 0;
  const here = measured({}, { now: () => time });
  await Promise.all(Array.from({ length: 50 }, () => here.text()));
  time += 1_000;
  await here.text();
  expect(here.asked()).toBe(1);
  time += 1;
  await here.text();
  expect(here.asked()).toBe(2);
});

test("each metric is read above by its whole name", async () => {
  const here = await readFile(import.meta.filename, "utf8");
  const names = [...(await measured().text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  const read = new Set(
    [...here.matchAll(/["'](?:shipmate|process|nodejs)_\w+/g)].map(([name]) =>
      name.slice(1).replace(/_(count|sum|bucket)$/, ""),
    ),
  );
  expect(names.filter((name = "") => !read.has(name))).toEqual([]);
});
