/** How much each account said of late, for all processes together and by the database's clock: told by whoever hears much of it. */
import { z } from "zod";
import { first, type Sql } from "./database.ts";

/** Counts so many more things of an account, each of which is forgiven after `every` milliseconds; gives how many are not yet. */
export async function countSaid(
  sql: Sql,
  whom: string,
  more: number,
  every: number,
): Promise<number> {
  const row = await first(
    sql,
    z.object({ left: z.number() }),
    `INSERT INTO shipmate.said AS s (whom, until) VALUES ($1, shipmate.now() + $2::bigint)
     ON CONFLICT (whom) DO UPDATE SET until = greatest(s.until, shipmate.now()) + $2::bigint
     RETURNING until - shipmate.now() AS left`,
    [whom, Math.ceil(more * every)],
  );
  return (row?.left ?? 0) / every;
}
