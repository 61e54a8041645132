/** Everything that is known of a run, read in one statement: for its driver and for its card. */
import { z } from "zod";
import { Json } from "../core/operation.ts";
import { first, type Sql } from "./database.ts";
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
  journal: z.record(z.string(), Json),
  presses: z.array(Press),
  plans: z.array(PlanRow),
  votes: z.array(Vote),
  now: z.number(),
});

export async function readState(sql: Sql, run: string): Promise<State> {
  const row = await first(sql, StateRow, `SELECT ${state}`, [run]);
  if (!row) throw new Error(`reading the state of run ${run}: no row came back`);
  return stateOf(row);
}

const state = `shipmate.now() AS now,
       (SELECT COALESCE(jsonb_object_agg(key, value), '{}') FROM shipmate.journal WHERE run = $1) AS journal,
       (SELECT COALESCE(jsonb_agg(p), '[]') FROM (
         SELECT wait, button, form, person, at FROM shipmate.presses WHERE run = $1) p) AS presses,
       (SELECT COALESCE(jsonb_agg(p ORDER BY p.id DESC), '[]') FROM (
         SELECT DISTINCT ON (step) id, run, step, digest, body, state, why, at, expires_at, decided_at
         FROM shipmate.plans WHERE run = $1 ORDER BY step, id DESC) p) AS plans,
       (SELECT COALESCE(jsonb_agg(v ORDER BY v.id), '[]') FROM (
         SELECT id, person, vote, why, digest, step, surface, at, withdrawn_at
         FROM shipmate.votes WHERE run = $1) v) AS votes`;

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

export async function readSnapshot(sql: Sql, id: string): Promise<Snapshot | undefined> {
  const row = await first(
    sql,
    SnapshotRow,
    `SELECT ${state}, (${one("r.id = $1")}) AS run, (${one(`r.id = (
       SELECT w->>'holder' FROM shipmate.runs me, jsonb_path_query(me.waits, '$[*] ? (exists(@.holder))') w
       WHERE me.id = $1 LIMIT 1)`)}) AS holder`,
    [id],
  );
  if (!row?.run) return undefined;
  const { run, holder, ...rest } = row;
  return { ...stateOf(rest), run, holder: holder ?? undefined };
}

const SnapshotRow = StateRow.extend({ run: Run.nullable(), holder: Run.nullable() });
const one = (which: string) =>
  `SELECT to_jsonb(found) FROM (SELECT ${columns} FROM shipmate.runs r WHERE ${which}) found`;
