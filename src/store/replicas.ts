/** The processes that live on one database, and which of their workflows fit a run. Nobody leads: each speaks for itself. */
import { z } from "zod";
import { first, json, type Sql, soft } from "./database.ts";

export interface Replica {
  readonly id: string;
  /** The hash of its workflows. */
  readonly code: string;
  /** How many migrations it knows. */
  readonly knows: number;
}

/** How often a process says that it lives, in milliseconds. */
export const beat = 5_000;
/** A process that has been silent for so long lives no more, in milliseconds. */
export const silence = 20_000;

/** Says that this process lives. The first time it rings what parked for want of fitting code: perhaps this one's fits. */
export async function sayAlive(sql: Sql, replica: Replica, isFirst: boolean): Promise<void> {
  await sql.run(
    `WITH soft AS (${soft})
     INSERT INTO shipmate.replicas (id, code, knows, seen_at) SELECT $1, $2, $3, shipmate.now() FROM soft
     ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`,
    [replica.id, replica.code, replica.knows],
  );
  if (!isFirst) return;
  await sql.run("DELETE FROM shipmate.replicas WHERE seen_at < shipmate.now() - 86400000");
  await sql.run(
    `UPDATE shipmate.runs SET rung = true
     WHERE unfit IS NOT NULL AND ended_at IS NULL AND NOT unfit @> to_jsonb($1::text)`,
    [replica.code],
  );
}

export async function sayGone(sql: Sql, id: string): Promise<void> {
  await sql.run("DELETE FROM shipmate.replicas WHERE id = $1", [id]);
}

/**
 * For a WHERE over runs, with the parameter that holds this process's code: the run is not left to others. It is,
 * while this code does not fit it and the code of a process that lives may.
 */
export const oursToDrive = (code: `$${number}`): string => `(unfit IS NULL
  OR NOT unfit @> to_jsonb(${code}::text)
  OR NOT EXISTS (SELECT FROM shipmate.replicas WHERE seen_at > shipmate.now() - ${silence} AND NOT unfit @> to_jsonb(code)))`;

/** Notes that this code does not fit the run. Whether the code of another process that lives may: then the run is rung for it. */
export async function leaveToOthers(sql: Sql, run: string, code: string): Promise<boolean> {
  const row = await first(
    sql,
    z.object({ others: z.boolean() }),
    `WITH unfit AS (
       SELECT CASE WHEN unfit @> to_jsonb($2::text) THEN unfit ELSE COALESCE(unfit, '[]') || $3::jsonb END AS now
       FROM shipmate.runs WHERE id = $1),
     others AS (
       SELECT EXISTS (SELECT FROM shipmate.replicas, unfit
         WHERE seen_at > shipmate.now() - ${silence} AND NOT unfit.now @> to_jsonb(code)) AS others)
     UPDATE shipmate.runs SET unfit = unfit.now, rung = rung OR others.others
     FROM unfit, others WHERE id = $1 RETURNING others.others`,
    [run, code, json([code])],
  );
  return row?.others === true;
}

/** Whether a process lives that knows fewer migrations than so many. */
export async function livesOlder(sql: Sql, knows: number): Promise<boolean> {
  const row = await first(
    sql,
    z.object({ lives: z.boolean() }),
    `SELECT EXISTS (SELECT FROM shipmate.replicas
       WHERE seen_at > shipmate.now() - ${silence} AND knows < $1) AS lives`,
    [knows],
  );
  return row?.lives === true;
}
