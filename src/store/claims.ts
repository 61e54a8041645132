/**
 * Claims: who drives a run, for how long, and how often that came to nothing.
 *
 * A claim is an epoch and a lease, both judged by the database's clock (see runs.ts). A run is due when it was rung, when
 * its time has come, or when its driver died (a lease that ran out unreleased).
 */
import { z } from "zod";
import { behindSince, first, json, type Sql, soft } from "./database.ts";
import { gathered } from "./gather.ts";
import { oursToDrive } from "./replicas.ts";
import { columns, type Holds, isOpen, Run, type Waits } from "./runs.ts";

/** How long a claim lasts without renewal, in milliseconds. */
export const leaseLength = 15_000;

/** After so many claims in a row that came to nothing a run is driven beside no other such run. */
export const suspect = 2;

export const Claim = z.object({
  ...Run.shape,
  /** How often it was claimed since it last got on, this claim too. */
  tries: z.number(),
  now: z.number(),
});
export type Claim = z.output<typeof Claim>;

export interface Claiming {
  /** Only what goes before others: something was said or pressed about it, or it is in a hurry. */
  readonly urgent?: boolean;
  /** Also one run that several claims in a row came to nothing with; unless told. */
  readonly suspects?: boolean;
  /** The hash of this process's workflows: what they don't fit is left to others that live. */
  readonly code?: string;
}

/**
 * How far before others a due run goes, in steps of ten minutes of age: so nobody waits for ever. Whose driver died may
 * have been rung when that one claimed it.
 */
const before = `hurry * 6 + (CASE WHEN state = 'planning' THEN 0 WHEN rung OR lease_until > 0 THEN 2 ELSE 1 END)`;
const isDue = `ended_at IS NULL AND lease_until <= shipmate.now()
  AND (rung OR wake_at <= shipmate.now() OR lease_until > 0)`;

const claims = (length: string): string =>
  `epoch = epoch + 1 + (random() * 1000000000)::bigint, tries = tries + 1,
   lease_until = shipmate.now() + ${length}, rung = false`;

/**
 * Claims due runs, at most `limit`: what somebody waits for (a vote came, a lock is free) first, then what is under
 * way, then what is new; the oldest first.
 */
export function claimRuns(
  sql: Sql,
  limit: number,
  { urgent = false, suspects = true, code = "" }: Claiming = {},
): Promise<readonly Claim[]> {
  return sql.query(
    Claim,
    `WITH soft AS (${soft}), due AS (
       SELECT id AS due FROM shipmate.runs r
       WHERE ${isDue} AND ${oursToDrive("$5")} AND (NOT $3 OR ${before} > 1)
         AND (tries < ${suspect} OR ($4 AND id = (
           SELECT id FROM shipmate.runs WHERE ${isDue} AND ${oursToDrive("$5")} AND tries >= ${suspect}
           ORDER BY tries, number LIMIT 1)))
       ORDER BY created_at - (${before}) * 600000, number LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE shipmate.runs SET ${claims("$2")}
     FROM due, soft WHERE id = due.due RETURNING ${columns}, tries, shipmate.now() AS now`,
    [limit, leaseLength, urgent, suspects, code],
  );
}

/**
 * The same for one run, whose row this transaction has locked. Undefined: it is not due, or several claims in a row came
 * to nothing.
 */
export function claimRung(sql: Sql, id: string, code: string): Promise<Claim | undefined> {
  return first(
    sql,
    Claim,
    `UPDATE shipmate.runs r SET ${claims("$2")}
     WHERE id = $1 AND ${isOpen} AND ${isDue} AND tries < ${suspect} AND ${oursToDrive("$3")}
     RETURNING ${columns}, tries, shipmate.now() AS now`,
    [id, leaseLength, code],
  );
}

/** Makes the count of tries last, whatever becomes of this process: claims by themselves don't wait for the disk. */
export async function keepTries(sql: Sql, id: string): Promise<void> {
  await sql.run("UPDATE shipmate.runs SET tries = tries WHERE id = $1", [id]);
}

/** These claims ended while their process lives on: that they came to nothing was not their fault. */
export async function forgiveTries(sql: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.run(
    `WITH mine AS (
       SELECT id FROM shipmate.runs
       WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AND ${isOpen}
       ORDER BY id FOR UPDATE)
     UPDATE shipmate.runs r SET tries = 0 FROM mine WHERE r.id = mine.id`,
    [json(ids)],
  );
}

/** Whether the claim still holds and is longer now. */
export async function renewRun(sql: Sql, id: string, epoch: number): Promise<boolean> {
  const renewed = await sql.run(
    `WITH soft AS (${soft}) UPDATE shipmate.runs SET lease_until = shipmate.now() + $3 FROM soft
     WHERE id = $1 AND epoch = $2 AND ${isOpen}`,
    [id, epoch, leaseLength],
  );
  return renewed === 1;
}

export interface Park {
  readonly run: Holds;
  readonly wake: number | undefined;
  readonly state: string;
  readonly waits: readonly Waits[];
}

/**
 * Gives claims back, to be due at `wake`; a branch that was left behind can write no more. Nothing happens where one is
 * not ours any more. What is given back at the same time is one commit.
 */
export function parkTogether(sql: Sql): (park: Park) => Promise<void> {
  const outcome = gathered(async (parks: readonly Park[]) => {
    const did = new Set(await park(sql, parks, true));
    return parks.map((one) => () => (did.has(one.run.id) ? undefined : park(sql, [one], false)));
  });
  return async (one) => void (await (await outcome(one))());
}

const Held = z.object({ id: z.string() });

/** `passing`: runs that somebody holds are passed over, so that two who hold several never wait for each other. Gives the others. */
async function park(
  sql: Sql,
  parks: readonly Park[],
  passing: boolean,
): Promise<readonly string[]> {
  const rows = await sql.query(
    Held,
    `WITH soft AS (${soft}), parks AS (
       SELECT p.* FROM soft, jsonb_to_recordset($1::jsonb) AS p(
         id text, epoch bigint, rev bigint, wake bigint, becomes text, waiting jsonb)),
     held AS (
       SELECT id, state, waits FROM shipmate.runs WHERE id = ANY (ARRAY(SELECT id FROM parks))
       ${passing ? "FOR NO KEY UPDATE SKIP LOCKED" : ""}),
     mine AS (
       UPDATE shipmate.runs r SET lease_until = 0, epoch = r.epoch + 1, tries = 0, wake_at = p.wake,
         state = p.becomes, waits = p.waiting, rev = r.rev + 1
       FROM parks p WHERE r.id = ANY (ARRAY(SELECT id FROM held)) AND r.id = p.id
         AND r.epoch = p.epoch AND r.rev >= p.rev AND ${isOpen}
       RETURNING r.id, p.becomes, p.waiting),
     shown AS (
       UPDATE shipmate.messages m SET wanted_rev = wanted_rev + 1, ${behindSince},
         next_at = CASE WHEN held.state <> mine.becomes THEN 0 ELSE next_at END
       FROM mine JOIN held USING (id)
       WHERE m.run = ANY (ARRAY(SELECT id FROM parks)) AND m.run = mine.id AND m.kind = 'root'
         AND (held.state <> mine.becomes OR held.waits IS DISTINCT FROM mine.waiting))
     SELECT id FROM held`,
    [
      json(
        parks.map(({ run, wake, state, waits }) => ({
          ...{ id: run.id, epoch: run.epoch, rev: run.rev },
          ...{ wake: wake ?? null, becomes: state, waiting: waits },
        })),
      ),
    ],
  );
  return rows.map(({ id }) => id);
}

/**
 * Makes every claim void: for a store that only one process can hold, when that process starts. What is due may have
 * ended the one before, and its claim may be lost with it: it counts as tried once.
 */
export async function voidClaims(sql: Sql): Promise<void> {
  await sql.run(
    `UPDATE shipmate.runs SET tries = 1 WHERE ended_at IS NULL AND tries = 0
       AND (rung OR lease_until > 0 OR wake_at <= shipmate.now())`,
  );
  await sql.run(
    "UPDATE shipmate.runs SET lease_until = 1, epoch = epoch + 1 WHERE ended_at IS NULL AND lease_until > 0",
  );
}

const Due = z.object({ now: z.number(), due: z.number().nullable() });

/** The instant at which the next run is due by itself and the clock's own now. */
export async function nextDue(
  sql: Sql,
  code = "",
): Promise<{ readonly now: number; readonly due: number | null }> {
  const row = await first(
    sql,
    Due,
    `SELECT shipmate.now() AS now, LEAST(
       (SELECT 0 FROM shipmate.runs WHERE rung AND ended_at IS NULL AND lease_until = 0 AND ${oursToDrive("$1")} LIMIT 1),
       (SELECT min(wake_at) FROM shipmate.runs WHERE ended_at IS NULL AND lease_until = 0 AND ${oursToDrive("$1")}),
       (SELECT min(lease_until) FROM shipmate.runs WHERE ended_at IS NULL AND lease_until > 0 AND ${oursToDrive("$1")})) AS due`,
    [code],
  );
  return row ?? { now: 0, due: null };
}
