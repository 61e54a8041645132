/** Lives a scenario through, with crashes at chosen awaits, and gives what it came to. */
import assert from "node:assert/strict";
import { z } from "zod";
import type { Person } from "../../src/core/person.ts";
import { milliseconds } from "../../src/core/time.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import type { Served } from "../../src/engine/operations.ts";
import type { PlanPolicy } from "../../src/engine/policy.ts";
import type { AnyWorkflow } from "../../src/engine/replay.ts";
import type { Database } from "../../src/store/database.ts";
import { type Clock, empty, turnClock } from "../databases.ts";
import { type Life, lifeUntil, mortalDatabase, mortalServed } from "./mortal.ts";
import {
  ada,
  type People,
  type PlanRow,
  people,
  type RunRow,
  seen,
  type VoteRow,
} from "./people.ts";
import { fakes } from "./world/fakes.ts";
import { emptyWorld, type World, type Write } from "./world/world.ts";

/** What one run is started with. */
export interface Begin {
  readonly workflow: AnyWorkflow;
  readonly input: unknown;
  readonly by?: Person;
}

export interface Case {
  readonly name: string;
  /** Each is started at once, in this order. The first is the one that is judged. */
  readonly begin: readonly Begin[];
  /** Children's workflows. */
  readonly children?: readonly AnyWorkflow[];
  /** The code on disk; by default what is begun. It may change with what the world has seen. */
  readonly code?: (world: World) => readonly AnyWorkflow[];
  readonly serves?: (world: World) => readonly Served[];
  readonly policy?: PlanPolicy;
  readonly setup?: (world: World) => void;
  /** What people and the outside do; true when something was done. By default Grace approves whatever is asked. */
  readonly human?: (people: People) => Promise<boolean>;
  /** A run may still be open at the end. */
  readonly stays?: boolean;
  /** Holds after every life. */
  readonly check: (ended: Ended) => void;
  /** Holds after the life without a crash. */
  readonly clean?: (ended: Ended) => void;
}

export interface Ended extends Pick<RunRow, "state" | "says" | "output"> {
  readonly runs: readonly RunRow[];
  readonly plans: readonly PlanRow[];
  readonly votes: readonly VoteRow[];
  readonly notes: readonly string[];
  readonly refusals: readonly string[];
  readonly world: World;
  /** The world's objects, without what differs with each plan's digest. */
  readonly picture: string;
  readonly writes: readonly Write[];
  /** Hours from the start to the last end. */
  readonly hours: number;
  /** Awaits of all engines. */
  readonly ticks: number;
}

/** What production's owners approve; the rest needs nobody. */
export const house: PlanPolicy = ({ requester, targets }) => {
  const guarded = targets.some((target) => target.startsWith("production/"));
  const owners = ["grace", "linus"].filter((person) => person !== requester);
  return {
    policy: "test 1",
    needs: guarded ? [{ of: "payments", count: 1, people: owners }] : [],
    rule: guarded ? "production: one of payments" : "nobody has to approve here",
    expires: milliseconds("4h"),
  };
};

const began = Date.UTC(2026, 0, 1);

/** Lives cases on one database, one after the other. */
export async function openRig(
  database: Database,
): Promise<(c: Case, crashes?: readonly number[]) => Promise<Ended>> {
  const clock = await turnClock(database, began);
  return async (c, crashes = []) => {
    await empty(database);
    return live(database, clock, c, crashes);
  };
}

async function live(
  database: Database,
  clock: Clock,
  c: Case,
  crashes: readonly number[],
): Promise<Ended> {
  let now = began;
  const turn = async (to: number) => {
    now = to;
    await clock.set(to);
  };
  await turn(began);
  const world = emptyWorld(() => now);
  c.setup?.(world);
  const refusals: string[] = [];
  let before = 0;
  const next = (): Alive => {
    const at = crashes.find((tick) => tick > before);
    return alive(database, c, world, lifeUntil(at === undefined ? Infinity : at - before));
  };
  let { life, engine } = next();
  let restarts = false;
  const humans = people(database, {
    world,
    restart: () => {
      restarts = true;
    },
    refusals,
    hours: () => (now - began) / 3_600_000,
    runs: (person) => engine.runs(person, "test"),
  });
  const human = c.human ?? ((p: People) => p.approve());
  for (let n = 0; n < 5_000; n++) {
    const step = async (): Promise<Turn> => {
      await begin(database, mortalDatabase(database, life), engine, c);
      const due = await engine.turn();
      if (await human(humans)) return { is: "again" };
      return { is: "rest", due };
    };
    const outcome = await Promise.race([step(), life.died]);
    if (outcome === "died") {
      before += life.ticks;
      void engine.close();
      // That a run is left alone once it ended several processes is a test of its own (poison.test.ts).
      await database.run("UPDATE shipmate.runs SET tries = 0");
      ({ life, engine } = next());
      await turn(Math.max(now, (await lastLease(database)) + 1));
    } else if (restarts) {
      restarts = false;
      before += life.ticks;
      await engine.close();
      ({ life, engine } = next());
    } else if (outcome.is === "rest") {
      if (outcome.due === undefined) break;
      await turn(Math.max(now, outcome.due));
    }
  }
  await engine.close();
  return judge(database, c, { world, refusals, ticks: before + life.ticks });
}

type Turn = { readonly is: "again" } | { readonly is: "rest"; readonly due: number | undefined };
interface Alive {
  readonly life: Life;
  readonly engine: Engine;
}

function alive(database: Database, c: Case, world: World, life: Life): Alive {
  let id = 0;
  const workflows = c.code?.(world) ?? c.begin.map(({ workflow }) => workflow);
  const engine = createEngine({
    database: mortalDatabase(database, life),
    served: mortalServed([...fakes(world), ...(c.serves?.(world) ?? [])], life),
    workflows: [...new Set([...workflows, ...(c.children ?? [])])],
    policy: c.policy ?? house,
    id: () => `id-${++id}`,
    troubled: (error) => {
      throw error;
    },
  });
  return { life, engine };
}

/** Starts what is not started yet: a crash may have come before the commit. */
async function begin(real: Database, database: Database, engine: Engine, c: Case): Promise<void> {
  const there = new Set((await seen(real).runs()).map((run) => run.id));
  for (const [i, { workflow, input, by = ada }] of c.begin.entries()) {
    const id = `run-${i + 1}`;
    if (there.has(id)) continue;
    const at = { surface: "test", channel: "deploys" };
    await database.transaction((sql) =>
      engine.start(sql, { id, workflow: workflow.name, input, by, at }),
    );
    engine.ring([id]);
  }
}

async function lastLease(database: Database): Promise<number> {
  const rows = await database.query(
    z.object({ until: z.number() }),
    "SELECT COALESCE(max(lease_until), 0) AS until FROM shipmate.runs WHERE ended_at IS NULL",
  );
  return rows[0]?.until ?? 0;
}

async function judge(
  database: Database,
  c: Case,
  lived: { readonly world: World; readonly refusals: readonly string[]; readonly ticks: number },
): Promise<Ended> {
  const { world } = lived;
  const see = seen(database);
  const [runs, plans, votes] = [await see.runs(), await see.plans(), await see.votes()];
  const run = runs.find((row) => row.id === "run-1");
  assert.ok(run, "the run is there");
  const open = runs.filter((row) => !row.ended);
  if (!c.stays) {
    const left = open.map((row) => `${row.id} ${row.state}: ${JSON.stringify(row.waits)}`);
    assert.deepEqual(left, [], "every run ended");
    const locks = await database.query(
      z.object({ target: z.string() }),
      "SELECT target FROM shipmate.locks",
    );
    assert.deepEqual(locks, [], "no lock is left");
    const waiting = plans.filter((plan) => plan.state === "open");
    assert.deepEqual(waiting, [], "no plan waits for votes");
  }
  await effectsOnce(database, world);
  const [span] = await database.query(
    z.object({ ms: z.number() }),
    `SELECT COALESCE(max(ended_at), shipmate.now()) - ${began} AS ms FROM shipmate.runs`,
  );
  const notes = await database.query(
    z.object({ title: z.string() }),
    "SELECT card->>'title' AS title FROM shipmate.messages WHERE kind = 'note' ORDER BY number",
  );
  return {
    ...{ state: run.state, says: run.says, output: run.output, runs, plans, votes },
    notes: notes.map((note) => note.title),
    refusals: lived.refusals,
    ...{ world, picture: scrubbed(world.picture()), writes: world.writes, ticks: lived.ticks },
    hours: (span?.ms ?? 0) / 3_600_000,
  };
}

/** Each effect happened once, and one audit row explains it. */
async function effectsOnce(database: Database, world: World): Promise<void> {
  const keys = world.writes.map((write) => write.key);
  assert.equal(new Set(keys).size, keys.length, `an effect twice: ${JSON.stringify(world.writes)}`);
  const told = await database.query(
    z.object({ key: z.string() }),
    `SELECT detail->>'key' AS key FROM shipmate.audit WHERE did IN ('carried out', 'took back') ORDER BY id`,
  );
  const explained = told.map((row) => row.key).filter((key) => keys.includes(key));
  assert.deepEqual(explained.sort(), [...keys].sort(), "one audit row explains each effect");
}

/** Keys and what is made of them differ where a plan's digest does. */
function scrubbed(picture: string): string {
  return picture.replaceAll(/[0-9a-f]{32}|0\.1\.0-[0-9a-f]{4}/g, "*");
}
