/** Everything that is known of runs, read in one statement: for a driver and for cards. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import { Jsonb, json, type Sql } from "./database.ts";
import { gathered } from "./gather.ts";
import { PlanRow, Vote } from "./plans.ts";
import { Press } from "./presses.ts";
import { columns, Run } from "./runs.ts";

export interface State {
  readonly journal: Map<string, Json>;
  /** By wait. */
  readonly presses: ReadonlyMap<string, Press>;
  /** The newest plan of each step, the newest step first. */
  readonly plans: readonly PlanRow[];
  /** The oldest first, withdrawn ones too. */
  readonly votes: readonly Vote[];
  /** Milliseconds since 1970 by the database's clock. */
  readonly now: number;
}
const StateRow = z.object({
  journal: z.record(z.string(), Jsonb),
  presses: z.array(Press),
  plans: z.array(PlanRow),
  votes: z.array(Vote),
  now: z.number(),
});

/** What a driver needs. */
export interface DriveState extends State {
  /** The steps that hold a target or are in line for one. */
  readonly lines: Set<string>;
}
const DriveRow = StateRow.extend({ id: z.string(), lines: z.array(z.string()) });

/** For one run at a time; those that are asked for at the same time are read in one statement. */
export function statesTogether(sql: Sql): (run: string) => Promise<DriveState> {
  return gathered(async (runs: readonly string[]) => {
    const found = await readStates(sql, runs);
    return runs.map((run) => {
      const state = found.get(run);
      if (!state) throw new Error(`reading the state of run ${run}: no row came back`);
      return state;
    });
  });
}

/** By run. */
export async function readStates(
  sql: Sql,
  runs: readonly string[],
): Promise<ReadonlyMap<string, DriveState>> {
  const rows = await sql.query(
    DriveRow,
    `SELECT asked.id, ${state("asked.id")},
       ARRAY_TO_JSON(ARRAY(SELECT DISTINCT step FROM shipmate.locks WHERE run = asked.id)) AS lines
     FROM jsonb_array_elements_text($1::jsonb) AS asked(id)`,
    [json(runs)],
  );
  return new Map(rows.map((row) => [row.id, { ...stateOf(row), lines: new Set(row.lines) }]));
}

const state = (run: string) => `shipmate.now() AS now,
       (SELECT COALESCE(jsonb_object_agg(key, value), '{}') FROM shipmate.journal WHERE run = ${run}) AS journal,
       (SELECT COALESCE(jsonb_agg(p), '[]') FROM (
         SELECT wait, button, form, person, at FROM shipmate.presses WHERE run = ${run}) p) AS presses,
       (SELECT COALESCE(jsonb_agg(p ORDER BY p.id DESC), '[]') FROM (
         SELECT DISTINCT ON (step) id, run, step, digest, body, state, why, at, expires_at, decided_at
         FROM shipmate.plans WHERE run = ${run} ORDER BY step, id DESC) p) AS plans,
       (SELECT COALESCE(jsonb_agg(v ORDER BY v.id), '[]') FROM (
         SELECT id, person, vote, why, digest, step, surface, at, withdrawn_at
         FROM shipmate.votes WHERE run = ${run}) v) AS votes`;

function stateOf(row: z.output<typeof StateRow>): State {
  return {
    ...row,
    journal: new Map(Object.entries(row.journal)),
    presses: new Map(row.presses.map((press) => [press.wait, press])),
  };
}

/** What a card shows. */
export interface Snapshot extends Omit<State, "presses"> {
  readonly run: Run;
  /** The run that holds what this one waits for. */
  readonly holder: Run | undefined;
}

/** In the order of their ids; undefined where there is no such run. */
export async function readSnapshots(
  sql: Sql,
  ids: readonly string[],
): Promise<readonly (Snapshot | undefined)[]> {
  const rows = await sql.query(
    SnapshotRow,
    `SELECT asked.id, ${state("asked.id")}, (${one("r.id = asked.id")}) AS run, (${one(`r.id = (
       SELECT w->>'holder' FROM jsonb_path_query(
         (SELECT waits FROM shipmate.runs WHERE id = asked.id), '$[*] ? (exists(@.holder))') w LIMIT 1)`)}) AS holder
     FROM jsonb_array_elements_text($1::jsonb) AS asked(id)`,
    [json([...new Set(ids)])],
  );
  const found = new Map(rows.map((row) => [row.id, snapshotOf(row)]));
  return ids.map((id) => found.get(id));
}

function snapshotOf(row: z.output<typeof SnapshotRow>): Snapshot | undefined {
  const { id: _, run, holder, ...rest } = row;
  return run ? { ...stateOf(rest), run, holder: holder ?? undefined } : undefined;
}

const SnapshotRow = StateRow.extend({
  id: z.string(),
  run: Run.nullable(),
  holder: Run.nullable(),
});
const one = (which: string) =>
  `SELECT to_jsonb(found) FROM (SELECT ${columns} FROM shipmate.runs r WHERE ${which}) found`;
