/** Lists of runs, and what runs touch. */
import { z } from "zod";
import { json, type Sql } from "./database.ts";
import { columns, Run } from "./runs.ts";

export interface RunQuery {
  /** A target; what lies below it too. */
  readonly of?: string | undefined;
  readonly ended?: boolean | undefined;
  /** Only runs with a smaller number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Runs, the newest first. */
export async function listRuns(sql: Sql, query: RunQuery): Promise<readonly Run[]> {
  const ids = await newestRuns(sql, query);
  return sql.query(
    Run,
    `SELECT ${columns} FROM shipmate.runs
     WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY number DESC`,
    [json(ids)],
  );
}

const RunId = z.object({ id: z.string() });

/** So many runs are looked through for a target before its own index is asked. */
const near = 300;

/**
 * The ids of the newest runs. What is looked up is an array, since a join would be planned over all runs. Each way of
 * asking is a statement of its own, so that an index answers it however long the history is: of what much is about
 * something is among the newest, and of anything else there is little.
 */
export async function newestRuns(sql: Sql, query: RunQuery): Promise<readonly string[]> {
  const { of, ended, before, limit } = query;
  const isAsked = [
    "number < $2",
    ...(ended === undefined ? [] : [`ended_at IS ${ended ? "NOT NULL" : "NULL"}`]),
  ].join(" AND ");
  const ask = async (text: string, values: readonly (string | number)[]) => {
    const most = before ?? Number.MAX_SAFE_INTEGER;
    const rows = await sql.query(RunId, text, [limit, most, ...values]);
    return rows.map(({ id }) => id);
  };
  if (of === undefined) {
    return ask(`SELECT id FROM shipmate.runs WHERE ${isAsked} ORDER BY number DESC LIMIT $1`, []);
  }
  const recent = await ask(
    `SELECT id FROM (
       SELECT id, number FROM shipmate.runs WHERE ${isAsked} ORDER BY number DESC LIMIT ${near}) r
     WHERE (SELECT true FROM shipmate.run_targets t
       WHERE t.run = r.id AND (t.target = $3 OR starts_with(t.target, $3 || '/')) LIMIT 1)
     ORDER BY number DESC LIMIT $1`,
    [of],
  );
  if (recent.length === limit) return recent;
  // "0" comes right after "/" in C's order.
  return ask(
    `SELECT id FROM shipmate.runs WHERE ${isAsked} AND id = ANY (ARRAY(
       SELECT run FROM shipmate.run_targets WHERE target COLLATE "C" = $3
       UNION SELECT run FROM shipmate.run_targets
       WHERE target COLLATE "C" >= $3 || '/' AND target COLLATE "C" < $3 || '0'))
     ORDER BY number DESC LIMIT $1`,
    [of],
  );
}

/** Of the newest 1,000 runs those that ended in the last so many milliseconds. */
export async function endedSince(sql: Sql, milliseconds: number): Promise<readonly string[]> {
  const rows = await sql.query(
    RunId,
    `SELECT id FROM (SELECT id, number, ended_at FROM shipmate.runs ORDER BY number DESC LIMIT 1000) r
     WHERE ended_at >= shipmate.now() - $1::bigint ORDER BY number`,
    [milliseconds],
  );
  return rows.map((row) => row.id);
}

/** Remembers what a run touches. */
export async function addTargets(sql: Sql, run: string, targets: readonly string[]): Promise<void> {
  await sql.run(
    `INSERT INTO shipmate.run_targets (run, target)
     SELECT $1, jsonb_array_elements_text($2::jsonb) ON CONFLICT DO NOTHING`,
    [run, json(targets)],
  );
}

const Target = z.object({ target: z.string() });

/** What a run touches, as far as it is known. */
export async function targetsOfRun(sql: Sql, run: string): Promise<readonly string[]> {
  const rows = await sql.query(
    Target,
    "SELECT target FROM shipmate.run_targets WHERE run = $1 ORDER BY target",
    [run],
  );
  return rows.map((row) => row.target);
}
