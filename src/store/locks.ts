/**
 * Who holds a target and who waits for one. A target covers what lies below it.
 *
 * A transaction that takes or gives back says so first (`toTake`, `toRelease`), before it touches any run: whoever
 * waits then holds nothing that others wait for. Those about targets that overlap go one after the other; the rest of
 * the world goes on meanwhile.
 */
import { z } from "zod";
import { json, type Sql } from "./database.ts";
import { rings } from "./runs.ts";

const Held = z.object({ run: z.string(), step: z.string(), held: z.boolean(), since: z.number() });
export type Held = z.output<typeof Held>;

const RunId = z.object({ run: z.string() });

const overlaps = `EXISTS (SELECT FROM jsonb_array_elements_text($1::jsonb) mine
  WHERE starts_with(l.target || '/', mine || '/') OR starts_with(mine || '/', l.target || '/'))`;

/**
 * Keeps a target to itself, and shares what lies above it with those who are about another part of that: two overlap
 * exactly where one of them is, or lies above, the other. Everybody locks in the same order.
 */
const alone = (targets: string) => `
  SELECT CASE WHEN own THEN pg_advisory_xact_lock(name) ELSE pg_advisory_xact_lock_shared(name) END
  FROM (SELECT hashtextextended(array_to_string(names[1:depth], '/'), 0) AS name,
          bool_or(depth = cardinality(names)) AS own
        FROM (SELECT string_to_array(target, '/') AS names FROM ${targets}) t,
          generate_series(1, cardinality(names)) depth
        GROUP BY 1 ORDER BY 1) ordered`;

/** Who asks for targets: a run that goes before others (`hurry`) gets into line before them. */
export interface Who {
  readonly run: string;
  readonly step: string;
  readonly hurry?: number;
}

/** So many runs may hold something under this name at once: a team's. */
export interface Limit {
  readonly name: string;
  readonly most: number;
}
/** It stands among the targets, and no target is called so. */
const slotOf = (limit: Limit): string => `team:${limit.name}`;

/** Whose turn it is. `before`: who holds or was in line; `isNew`: it got into line only now. */
export type Turn =
  | { readonly free: true }
  | { readonly free: false; readonly before: readonly Held[]; readonly isNew: boolean };

/** What became of asking for targets. `full`: nobody holds them, but so many others hold something under this limit. */
export type Taken =
  | { readonly is: "taken" }
  | { readonly is: "busy" }
  | { readonly is: "full"; readonly limit: Limit; readonly ahead: number };

/** Until the transaction ends nobody else decides about what overlaps these targets: before `awaitTurn` and `takeLocks`. */
export async function toTake(
  sql: Sql,
  targets: readonly string[],
  limits: readonly Limit[] = [],
): Promise<void> {
  const wanted = "(SELECT jsonb_array_elements_text($1::jsonb) AS target) wanted";
  await sql.run(alone(wanted), [json([...targets, ...limits.map(slotOf)])]);
}

/** The same for what the run holds or waits for: before `releaseLocks`. Only its own driver adds to that. */
export async function toRelease(sql: Sql, run: string): Promise<void> {
  await sql.run(alone("(SELECT target FROM shipmate.locks WHERE run = $1) held"), [run]);
}

/**
 * Whether nobody holds any of the targets, nor was in line before. Where somebody is, this one gets into line; but not
 * who holds its targets already (its driver died between taking them and beginning): those in line wait for it.
 */
export async function awaitTurn(sql: Sql, who: Who, targets: readonly string[]): Promise<Turn> {
  const before = await sql.query(
    Held,
    `SELECT DISTINCT ON (l.run) l.run, l.step, l.held, l.since FROM shipmate.locks l
     WHERE ${overlaps} AND NOT (l.run = $2 AND l.step = $3) AND (l.held OR (
       NOT EXISTS (SELECT FROM shipmate.locks WHERE run = $2 AND step = $3 AND held)
       AND (l.hurry > $4 OR l.hurry = $4 AND l.place < COALESCE(
         (SELECT min(place) FROM shipmate.locks WHERE run = $2 AND step = $3 AND NOT held
            AND NOT starts_with(target, 'team:')), 9007199254740991))))
     ORDER BY l.run, l.held DESC`,
    [json(targets), who.run, who.step, who.hurry ?? 0],
  );
  // Its place in a team's line stays its own only while nothing else keeps it.
  await sql.run(
    `DELETE FROM shipmate.locks WHERE run = $1 AND step = $2 AND NOT held
       AND starts_with(target, 'team:') <> $3`,
    [who.run, who.step, before.length === 0],
  );
  if (before.length === 0) return { free: true };
  const added = await sql.run(
    `INSERT INTO shipmate.locks (target, run, step, held, hurry)
     SELECT jsonb_array_elements_text($3::jsonb), $1, $2, false, $4 ON CONFLICT DO NOTHING`,
    [who.run, who.step, json(targets), who.hurry ?? 0],
  );
  return { free: false, before, isNew: added > 0 };
}

/** Whether anything overlaps at all: the cheap question that mostly makes the dear one needless. */
export async function anyOverlap(
  sql: Sql,
  run: string,
  targets: readonly string[],
): Promise<boolean> {
  const rows = await sql.query(
    RunId,
    `SELECT l.run FROM shipmate.locks l WHERE ${overlaps} AND (l.run <> $2 OR NOT l.held) LIMIT 1`,
    [json(targets), run],
  );
  return rows.length > 0;
}

/** Takes all targets where nobody else holds or waits for anything that overlaps them; else none: then they are busy. */
export function takeFree(
  sql: Sql,
  who: Who,
  targets: readonly string[],
  limits: readonly Limit[] = [],
): Promise<Taken> {
  return take(
    sql,
    who,
    targets,
    limits,
    `SELECT FROM shipmate.locks l WHERE ${overlaps} AND ${isOthers}`,
  );
}

/**
 * Takes all targets, or none. Who is in a hurry is counted by the limits and not kept by them; everybody else gets into
 * line where one is full.
 */
export async function takeLocks(
  sql: Sql,
  who: Who,
  targets: readonly string[],
  limits: readonly Limit[] = [],
): Promise<Taken> {
  const checked = (who.hurry ?? 0) > 0 ? [] : limits;
  if (checked.length > 0 && (await isHeld(sql, who, targets))) return { is: "busy" };
  for (const limit of checked) {
    const ahead = await aheadOf(sql, who, limit);
    if (ahead !== undefined) return { is: "full", limit, ahead };
  }
  return take(sql, who, targets, limits, heldByOthers);
}

async function take(
  sql: Sql,
  who: Who,
  targets: readonly string[],
  limits: readonly Limit[],
  unless: string,
): Promise<Taken> {
  const [row] = await sql.query(
    Busy,
    `WITH others AS (SELECT EXISTS (${unless}) AS busy),
     mine AS (
       INSERT INTO shipmate.locks (target, run, step, held)
       SELECT t, $2, $3, true FROM others, jsonb_array_elements_text($4::jsonb) t WHERE NOT busy
       ON CONFLICT (target, run, step) DO UPDATE SET held = true)
     SELECT busy FROM others`,
    [json(targets), who.run, who.step, json([...targets, ...limits.map(slotOf)])],
  );
  return { is: row?.busy === false ? "taken" : "busy" };
}

const Busy = z.object({ busy: z.boolean() });
const isOthers = "NOT (l.run = $2 AND l.step = $3)";
const heldByOthers = `SELECT FROM shipmate.locks l WHERE l.held AND ${overlaps} AND ${isOthers}`;

async function isHeld(sql: Sql, who: Who, targets: readonly string[]): Promise<boolean> {
  const values = [json(targets), who.run, who.step];
  const [row] = await sql.query(Busy, `SELECT EXISTS (${heldByOthers}) AS busy`, values);
  return row?.busy !== false;
}

/** Undefined where there is room; else it is in line, behind so many others. */
async function aheadOf(sql: Sql, who: Who, limit: Limit): Promise<number | undefined> {
  const [row] = await sql.query(
    z.object({ held: z.number(), ahead: z.number() }),
    `SELECT count(DISTINCT run) FILTER (WHERE held) AS held,
       count(DISTINCT run) FILTER (WHERE NOT held AND (hurry > $4 OR hurry = $4 AND place < COALESCE(
         (SELECT min(place) FROM shipmate.locks WHERE target = $1 AND run = $2 AND step = $3), 9007199254740991)
       )) AS ahead
     FROM shipmate.locks WHERE target = $1 AND run <> $2`,
    [slotOf(limit), who.run, who.step, who.hurry ?? 0],
  );
  const { held, ahead } = row ?? { held: 0, ahead: 0 };
  if (held + ahead < limit.most) return undefined;
  await sql.run(
    `INSERT INTO shipmate.locks (target, run, step, held, hurry) VALUES ($1, $2, $3, false, $4)
     ON CONFLICT DO NOTHING`,
    [slotOf(limit), who.run, who.step, who.hurry ?? 0],
  );
  return ahead;
}

/**
 * Gives back what the step (or, without one, the run) holds and waits for. Rings the runs in line behind it, and gives
 * them.
 */
export async function releaseLocks(
  sql: Sql,
  run: string,
  step: string | undefined,
): Promise<readonly string[]> {
  const rows = await sql.query(
    RunId,
    `WITH gone AS (
       DELETE FROM shipmate.locks WHERE run = $1 AND ($2::text IS NULL OR step = $2) RETURNING target),
     behind AS (
       SELECT DISTINCT l.run FROM shipmate.locks l, gone
       WHERE NOT l.held AND l.run <> $1
         AND (starts_with(l.target || '/', gone.target || '/') OR starts_with(gone.target || '/', l.target || '/'))),
     ${rings("SELECT run FROM behind")}
     SELECT run FROM behind`,
    [run, step ?? null],
  );
  return rows.map((row) => row.run);
}

const InLine = z.object({
  target: z.string(),
  run: z.number(),
  title: z.string(),
  by: z.string(),
  /** 0: it holds the target. */
  place: z.number(),
  since: z.number(),
});

/** Lines for targets, or for the one and what lies above and below it, whoever holds each first. */
export function readLines(
  sql: Sql,
  of: string | undefined,
): Promise<readonly z.output<typeof InLine>[]> {
  return sql.query(
    InLine,
    `SELECT l.target, r.number AS run, r.title, r.by_person AS by, l.since,
       CASE WHEN l.held THEN 0 ELSE
         row_number() OVER (PARTITION BY l.target, l.held ORDER BY l.hurry DESC, l.place) END AS place
     FROM shipmate.locks l JOIN shipmate.runs r ON r.id = l.run
     WHERE ($2::text IS NULL OR ${overlaps})
       AND ($2::text IS NOT NULL OR EXISTS (
         SELECT FROM shipmate.locks w WHERE w.target = l.target AND NOT w.held))
     ORDER BY l.target, l.held DESC, place LIMIT 200`,
    [json([of ?? ""]), of ?? null],
  );
}

/** Runs in line for any of the targets. */
export async function inLine(
  sql: Sql,
  run: string,
  targets: readonly string[],
): Promise<readonly string[]> {
  const rows = await sql.query(
    RunId,
    `SELECT DISTINCT l.run FROM shipmate.locks l WHERE NOT l.held AND l.run <> $2 AND ${overlaps}`,
    [json(targets), run],
  );
  return rows.map((row) => row.run);
}
