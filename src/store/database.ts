/** One small interface over PGlite and PostgreSQL. Statements stand in plain sight in the store's files. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";

/**
 * Values for `$1`, `$2`, …. Objects and arrays are JSON, so they go into jsonb columns as they are; bytes are bytea.
 * A string is itself: to put one (or null) into a jsonb column, wrap it, `json("it")`.
 * For one of a list: `IN (SELECT jsonb_array_elements_text($1))`.
 */
export type Value = string | number | boolean | null | undefined | object;

/** Any value as jsonb, also a string or null. */
export const json = (value: unknown): object => ({ toJSON: () => value ?? null });

/** A jsonb column, or a part of one: what JSON.parse gave is JSON all through, however large, and is not looked through. */
export const Jsonb = z.custom<Json>((value) => value !== undefined);

export interface Sql {
  /** The rows, each checked by `row`. int8 arrives as a number, jsonb as data. */
  query<R extends z.ZodType>(
    row: R,
    text: string,
    values?: readonly Value[],
  ): Promise<readonly z.output<R>[]>;
  /** How many rows were touched. Without values the text may hold several statements. */
  run(text: string, values?: readonly Value[]): Promise<number>;
}

/**
 * Await nothing but `sql` inside a transaction: on PGlite an open one blocks everybody.
 * Every statement has a time-out (30 s; on PGlite for its turn only). A lost connection throws LostConnection:
 * whether a commit that was under way went through is then unknown.
 */
export interface Database extends Sql {
  readonly kind: "pglite" | "postgres";
  /**
   * Where PostgreSQL undoes it for a deadlock, the body is run again: it must change nothing but the database. What it
   * asks for side by side goes there as one. Once it has said `last`, the commit goes along with what it asks for in
   * this turn of the event loop: what it asks for later throws, and what it throws undoes nothing.
   */
  transaction<R>(body: (sql: Sql, last: () => void) => Promise<R>): Promise<R>;
  /** The same, but before everything that waits: for the one row that somebody's ack waits for. */
  readonly urgent: Sql;
  /** Whether its disk is full, as far as is known: then what is to be written throws Unavailable. Absent: it never is. */
  full?(): boolean;
  close(): Promise<void>;
}

/** The connection was lost under way: whether the statement (or commit) went through is unknown. */
export class LostConnection extends Error {
  override readonly name = "LostConnection";
  constructor(statement: string, options?: ErrorOptions) {
    super(`lost the connection to the database, outcome unknown: ${statement.trim()}`, options);
  }
}

/** Another driver has the run; stop silently. The message names what was kept from happening. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}

/** The database can't take it now: it is away, or its disk is full. Nothing was done. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** Whether the database itself did not work, so that the same may work later; what became of it may be unknown. */
export const isDown = (error: unknown): boolean =>
  error instanceof LostConnection || error instanceof Unavailable;

/**
 * Makes the commit of the statement (or transaction) it stands in not wait for the disk. Only for what may be lost in
 * a power cut, together with all that came after it: claims, locks and their like, which a later commit makes durable.
 * Use it as `FROM ..., soft` with `WITH soft AS (${soft})`, or by itself in a transaction.
 */
export const soft = "SELECT set_config('synchronous_commit', 'off', true) AS soft";

/** For an UPDATE of messages that raises `wanted_rev`: notes when one that stood as it should falls behind. */
export const behindSince =
  "behind_at = CASE WHEN wanted_rev > posted_rev THEN behind_at ELSE shipmate.now() END";

/** Makes the transaction's commit not wait for the disk (`soft`). */
export async function softly(sql: Sql): Promise<void> {
  await sql.run(soft);
}

/** The only row, or undefined. */
export async function first<R extends z.ZodType>(
  sql: Sql,
  row: R,
  text: string,
  values: readonly Value[] = [],
): Promise<z.output<R> | undefined> {
  return (await sql.query(row, text, values))[0];
}
