/** Runs that came of the same first one. */
import { z } from "zod";
import { first, type Sql } from "./database.ts";

/** How many runs there are that came of the same first one, counted up to `most`. */
export async function familySize(sql: Sql, run: string, most: number): Promise<number> {
  const row = await first(
    sql,
    z.object({ size: z.number() }),
    `WITH RECURSIVE up AS (
       SELECT id, parent FROM shipmate.runs WHERE id = $1
       UNION ALL SELECT r.id, r.parent FROM shipmate.runs r JOIN up ON r.id = up.parent),
     down AS (
       SELECT id FROM up WHERE parent IS NULL
       UNION ALL SELECT r.id FROM shipmate.runs r JOIN down ON r.parent = down.id)
     SELECT count(*) AS size FROM (SELECT FROM down LIMIT $2) d`,
    [run, most],
  );
  return row?.size ?? 0;
}
