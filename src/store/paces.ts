/**
 * How much each chat may still be told, for all processes together and by the database's clock: one row a surface.
 *
 * A budget is one number, the time at which it is full again: each message moves it `every` milliseconds on, and
 * while it lies more than `most` messages ahead nothing more is taken. Whoever claims messages of a surface holds its
 * row (`lockPaces`) and takes from it in the same statement (`claimBehind`).
 */
import { z } from "zod";
import type { Budget } from "../core/surface.ts";
import { json, type Sql } from "./database.ts";

/** A surface's budget; `key` names it in the surface's row. */
export interface Pace extends Budget {
  readonly surface: string;
  readonly key: string;
}

export function pacesOf(surface: string, budgets: readonly Budget[] = []): readonly Pace[] {
  return budgets.map((budget, at) => ({ ...budget, surface, key: `${budget.of} ${at}` }));
}

/** Makes room for these surfaces. */
export async function openPaces(sql: Sql, surfaces: readonly string[]): Promise<void> {
  await sql.run(
    `INSERT INTO shipmate.paces (surface) SELECT jsonb_array_elements_text($1::jsonb)
     ON CONFLICT DO NOTHING`,
    [json(surfaces)],
  );
}

const OfSurface = z.object({ surface: z.string() });

/** Holds the rows of these surfaces until the transaction ends; gives those that nobody else holds. */
export async function lockPaces(sql: Sql, surfaces: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.query(
    OfSurface,
    `SELECT surface FROM shipmate.paces WHERE surface IN (SELECT jsonb_array_elements_text($1::jsonb))
     FOR UPDATE SKIP LOCKED`,
    [json(surfaces)],
  );
  return rows.map(({ surface }) => surface);
}

/** The chat asked to be left alone: nothing is taken from these budgets for so many milliseconds, by nobody. */
export async function hold(
  sql: Sql,
  surface: string,
  budgets: readonly { readonly key: string; readonly most: number; readonly every: number }[],
  wait: number,
): Promise<void> {
  await sql.run(
    `UPDATE shipmate.paces SET taken = taken || (
       SELECT jsonb_object_agg(key, greatest((taken ->> key)::bigint, shipmate.now() + $3::bigint + (most - 1) * every))
       FROM jsonb_to_recordset($2::jsonb) AS b(key text, most bigint, every bigint))
     WHERE surface = $1`,
    [surface, json(budgets), Math.ceil(wait)],
  );
}

/** The budgets that a message is counted by, by their names in the surface's row. */
export function pacesFor(
  paces: readonly Pace[],
  {
    surface,
    channel,
    ref,
  }: { readonly surface: string; readonly channel: string; readonly ref: string | null },
): readonly Pace[] {
  const not = ref === null ? "edits" : "posts";
  return paces
    .filter((pace) => pace.surface === surface && pace.of !== not)
    .map((pace) => (pace.per === "app" ? pace : { ...pace, key: `${pace.key} ${channel}` }));
}

/** For statements with `$n` as the paces: the same in SQL, for a message `m`. */
export const budgets = (n: number) =>
  `budgets AS (SELECT * FROM jsonb_to_recordset($${n}::jsonb)
     AS b(surface text, key text, of text, per text, most bigint, every bigint))`;
export const counts = (isNew: string) => `b.of <> CASE WHEN ${isNew} THEN 'edits' ELSE 'posts' END`;
export const keyOf = (channel: string) =>
  `b.key || CASE b.per WHEN 'app' THEN '' ELSE ' ' || ${channel} END`;
/** When the budgets of a message `m` let it through, in milliseconds since 1970. */
export const freeAt = `COALESCE((
  SELECT max((p.taken ->> (${keyOf("m.channel")}))::bigint - (b.most - 1) * b.every)
  FROM budgets b JOIN shipmate.paces p ON p.surface = b.surface
  WHERE b.surface = m.surface AND ${counts("m.ref IS NULL")}), 0)`;
