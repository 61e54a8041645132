/** One seed: a random mix of runs, people, processes and faults in simulated time; then what must hold is looked at. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Refusal } from "../../src/core/refusal.ts";
import { NotTaken } from "../../src/core/surface.ts";
import { type Database, first, LostConnection } from "../../src/store/database.ts";
import { memoryDatabase } from "../databases.ts";
import { running } from "../engine/scenarios/shipping.ts";
import { emptyWorld } from "../engine/world/world.ts";
import { chanceOf } from "./chance.ts";
import { chatOf } from "./chat.ts";
import { crewOf, postOf } from "./crew.ts";
import { calm, type Faults, faultsOf, weatherOf } from "./faults.ts";
import { atRest } from "./invariants.ts";
import { codeOf, people, policyOf, servedBy, type Wish, wish } from "./mix.ts";
import { openProcess, type Process } from "./process.ts";
import { commandsFor } from "./said.ts";
import { type Actor, openStage, simulateTimers } from "./stage.ts";
import { townOf } from "./town.ts";
import { witnessOf } from "./witness.ts";

export interface Lived {
  readonly seed: number;
  /** What did not hold; empty where all did. */
  readonly wrongs: readonly string[];
  readonly trace: readonly string[];
  /** The same for the same seed. */
  readonly hash: string;
  readonly runs: number;
  readonly effects: number;
  readonly turns: number;
  /** How often each fault happened. */
  readonly faults: { readonly [fault: string]: number };
  /** How the runs ended, and how often each way. */
  readonly ends: { readonly [end: string]: number };
}

export interface Sim {
  live(seed: number): Promise<Lived>;
  close(): Promise<void>;
}

const began = Date.UTC(2026, 0, 1);
/** Simulated time and turns within which everything has to be over. */
const latest = 90 * 86_400_000;
const most = 60_000;

/** Lives seeds on one database, one after the other. While it is open, code on a stage has simulated timers. */
export async function openSim(): Promise<Sim> {
  const database = await memoryDatabase();
  const clock = await sessionClock(database);
  // One plan a statement, whichever seeds came before: rows without an order come in the same one each time.
  await database.run("SET plan_cache_mode = force_generic_plan");
  const tables = await database.query(
    z.object({ name: z.string() }),
    `SELECT 'shipmate.' || tablename AS name FROM pg_tables WHERE schemaname = 'shipmate' AND tablename <> 'migrations'`,
  );
  const clear = `TRUNCATE ${tables.map((table) => table.name).join(", ")} RESTART IDENTITY`;
  const back = simulateTimers();
  return {
    async live(seed) {
      await clock(began);
      await database.run(clear);
      await database.run("SELECT setseed($1::float8)", [(seed % 1_000_000) / 1_000_000]);
      return live(database, clock, seed);
    },
    async close() {
      back();
      await database.close();
    },
  };
}

type Clock = (now: number) => Promise<unknown>;

/** The database's clock as a setting of its only session: a table's row would grow slower with each turn. */
async function sessionClock(database: Database): Promise<Clock> {
  await database.run(`CREATE OR REPLACE FUNCTION shipmate.now() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT current_setting('shipmate_test.now')::bigint $$`);
  const Row = z.object({ set: z.string() });
  return (now) =>
    database.query(Row, "SELECT set_config('shipmate_test.now', $1, false) AS set", [String(now)]);
}

const Due = z.object({
  due: z.number().nullable(),
  post: z.number().nullable(),
  inbox: z.number().nullable(),
  open: z.boolean(),
});

async function live(database: Database, clock: Clock, seed: number): Promise<Lived> {
  const chance = chanceOf(seed);
  const stage = openStage(chance, began, clock);
  const wrongs: string[] = [];
  const wrong = (says: string) => {
    stage.say(`!!!! ${says}`);
    if (!wrongs.includes(says)) wrongs.push(says);
  };
  const world = emptyWorld(stage.now);
  running(world);
  world.set("staging/web", { version: "1", percent: 100 });
  const policy = policyOf(chance.happens(0.3) ? 2 : 1);
  const witness = witnessOf({ database, stage, world, policy, wrong });
  const chat = chatOf(database, wrong);
  const wishes: Wish[] = [];
  const crew = crewOf({ stage, chance });
  const faults: Faults = faultsOf({
    ...{ stage, chance, weather: weatherOf(chance) },
    died: (actor) => crew.died(actor),
    moves: () => town.move(),
  });
  let behind = false;
  const start = (actor: Actor): Process =>
    openProcess({
      ...{ stage, faults, actor, database, policy, people, witness, surface: chat },
      served: servedBy(world, witness),
      workflows: codeOf(chance.happens(0.3)),
      commands: commandsFor(wishes),
      changed: () => {
        behind = true;
      },
      ring: (from) => crew.ring(from, faults.weather.deaf),
      broke: (what, error) => {
        if (!isOurs(error)) wrong(`${what} broke: ${String(error)}`);
      },
    });
  crew.open(start, chance.between(2, 3));
  const post = postOf({ stage, chance, crew, faults });
  const town = townOf({
    ...{ database, chance, world, chat, witness, asks: chance.between(1, 3), say: post.say },
    wish: () => wishes.push(wish(chance)) - 1,
  });

  let over = false;
  let doings = chance.between(4, 10);
  const beat = async (): Promise<void> => {
    if (doings-- > 0) await town.doAnything();
    else {
      if (faults.weather !== calm) stage.say("- faults stop");
      faults.weather = calm;
      await town.tidyUp();
    }
    const pause = doings > 0 ? chance.pick(pauses) : 1_800_000;
    if (!over) stage.plan(stage.now() + pause, "", beat);
  };
  stage.plan(began, "", beat);
  const idle = async (): Promise<void> => {
    // Several changes become one edit, as they do with the projector's own pause.
    if (behind) crew.any()?.show();
    behind = false;
    const row = await first(database, Due, dueSql);
    if (!row) return;
    const quiet = !row.open && row.post === null && row.inbox === null && post.waiting() === 0;
    over = quiet && faults.weather === calm;
    if (over) return;
    crew.sweep("look", row.due, (one) => one.look());
    crew.sweep("post", row.post, (one) => one.show());
    crew.sweep("inbox", row.inbox, (one) => one.takeUp());
    if (chance.happens(0.02)) crew.any()?.seal();
  };
  const turns = await stage.run(() => over || stage.now() - began > latest, idle, most);
  await atRest({ database, world, chat, witness, wrong, acked: post.acked });
  crew.close();
  const ends = await database.query(
    z.object({ state: z.string(), count: z.number() }),
    "SELECT state, count(*)::int AS count FROM shipmate.runs GROUP BY state ORDER BY state",
  );
  return {
    ...{ seed, wrongs, turns, trace: stage.trace },
    hash: createHash("sha256").update(stage.trace.join("\n")).digest("hex").slice(0, 16),
    runs: ends.reduce((sum, one) => sum + one.count, 0),
    effects: world.writes.length,
    faults: faults.count,
    ends: Object.fromEntries(ends.map((one) => [one.state, one.count])),
  };
}

/** Between two doings of people, in milliseconds. */
const pauses = [0, 200, 2_000, 5_000, 20_000, 120_000, 1_800_000] as const;

const dueSql = `SELECT
  LEAST((SELECT 0 FROM shipmate.runs WHERE rung AND ended_at IS NULL AND lease_until = 0 LIMIT 1),
    (SELECT min(wake_at) FROM shipmate.runs WHERE ended_at IS NULL AND lease_until = 0),
    (SELECT min(lease_until) FROM shipmate.runs WHERE ended_at IS NULL AND lease_until > 0)) AS due,
  (SELECT min(greatest(next_at, lease_until)) FROM shipmate.messages WHERE wanted_rev > posted_rev) AS post,
  (SELECT min(greatest(at + 5001, taken_until)) FROM shipmate.inbox WHERE done_at IS NULL) AS inbox,
  EXISTS (SELECT FROM shipmate.runs WHERE ended_at IS NULL) AS open`;

/** A lost database and what the outside threw are no faults of ours. */
function isOurs(error: unknown): boolean {
  if (error instanceof NotTaken) return isOurs(error.cause);
  if (error instanceof LostConnection || error instanceof Refusal) return true;
  if (!(error instanceof Error)) return false;
  return (
    /^(connection reset|503 from|broken pipe|409 this)/.test(error.message) ||
    error.name === "TimeoutError" ||
    error.name === "Patience"
  );
}
