/** What can be counted in the database at any moment, whichever process asks. */
import { z } from "zod";
import { first, type Sql } from "./database.ts";

const Figures = z.object({
  /** Runs under way, by state. */
  runs: z.record(z.string(), z.number()),
  /** Runs that have something to do and that nobody drives yet. */
  due: z.number(),
  /** Words of people that nothing was done about yet, and the age of the oldest of them in milliseconds. */
  inbox: z.number(),
  inbox_age: z.number(),
  /** By surface: messages that are not as they should be, and for how long, in milliseconds. */
  behind: z.record(z.string(), z.object({ messages: z.number(), age: z.number() })),
  /** Rows of the audit without a link, and the age of the oldest of them in milliseconds. */
  unsealed: z.number(),
  unsealed_age: z.number(),
  /** The age of the newest row that has a link, in milliseconds; null: there is none. */
  head_age: z.number().nullable(),
});
export type Figures = z.output<typeof Figures>;

/** One statement over what is open: what has ended costs it nothing. */
export async function readFigures(sql: Sql): Promise<Figures> {
  const figures = await first(
    sql,
    Figures,
    `WITH clock AS (SELECT shipmate.now() AS now)
     SELECT
       (SELECT COALESCE(jsonb_object_agg(state, count), '{}') FROM (
         SELECT state, count(*) FROM shipmate.runs WHERE ended_at IS NULL GROUP BY state) s) AS runs,
       (SELECT count(*) FROM shipmate.runs WHERE ended_at IS NULL AND lease_until <= now
         AND (rung OR wake_at <= now OR lease_until > 0)) AS due,
       (SELECT count(*) FROM shipmate.inbox WHERE done_at IS NULL) AS inbox,
       (SELECT COALESCE(greatest(0, now - min(at)), 0) FROM shipmate.inbox WHERE done_at IS NULL) AS inbox_age,
       (SELECT COALESCE(jsonb_object_agg(surface, jsonb_build_object('messages', count, 'age', age)), '{}') FROM (
         SELECT surface, count(*), greatest(0, now - min(COALESCE(behind_at, at))) AS age
         FROM shipmate.messages WHERE behind GROUP BY surface) m) AS behind,
       (SELECT count(*) FROM shipmate.audit_unsealed) AS unsealed,
       (SELECT COALESCE(greatest(0, now - min(a.at)), 0) FROM shipmate.audit_unsealed u
         JOIN shipmate.audit a ON a.id = u.audit) AS unsealed_age,
       (SELECT greatest(0, now - a.at) FROM shipmate.audit_chain c JOIN shipmate.audit a ON a.id = c.audit
         ORDER BY c.seq DESC LIMIT 1) AS head_age
     FROM clock`,
  );
  if (figures === undefined) throw new Error("counting in the database gave no row");
  return figures;
}
