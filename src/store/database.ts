/** One small interface over PGlite and PostgreSQL. Statements stand in plain sight in the store's files. */
import type { z } from "zod";

/** Values for `$1`, `$2`, …; objects and arrays go into jsonb columns as they are. */
export type Value = string | number | boolean | null | undefined | object;

export interface Sql {
  /** The rows, each checked by `row`. int8 arrives as a number, jsonb as data. */
  query<R extends z.ZodType>(
    row: R,
    text: string,
    values?: readonly Value[],
  ): Promise<readonly z.output<R>[]>;
  /** How many rows were touched. */
  run(text: string, values?: readonly Value[]): Promise<number>;
}

/**
 * Await nothing but `sql` inside a transaction: on PGlite an open one blocks everybody.
 * Every statement has a time-out (30 s). A lost connection throws; whether a commit that was under way
 * went through is then unknown.
 */
export interface Database extends Sql {
  readonly kind: "pglite" | "postgres";
  transaction<R>(body: (sql: Sql) => Promise<R>): Promise<R>;
  close(): Promise<void>;
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
