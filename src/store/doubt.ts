/**
 * Edits of which nobody knows what they came to, because no answer came or their process died: they may still arrive,
 * over whatever was put there since. So what they were to change is drawn once more when none of them can any longer.
 */
import { behindSince, type Sql } from "./database.ts";

/**
 * For so many milliseconds a request that was given up may still arrive. Linux goes on sending what a closed connection
 * still holds for up to 102 s (tcp_orphan_retries: eight times, doubling from 0.2 s).
 */
const doubt = 120_000;

/** For an UPDATE of messages, the value of `doubt_until`: where `isUnknown`, an edit may come from now on. */
export const doubtAfter = (isUnknown: string): string =>
  `CASE WHEN ${isUnknown} AND ref IS NOT NULL THEN shipmate.now() + ${doubt} ELSE doubt_until END`;

/** Lets be drawn again what no late edit can reach any more. What somebody is changing right now is left for later. */
export async function endDoubts(sql: Sql): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET wanted_rev = wanted_rev + 1, posted_hash = NULL, doubt_until = NULL, ${behindSince}
     WHERE doubt_until <= shipmate.now() AND lease_until <= shipmate.now()`,
  );
}
