/**
 * What a database needs that was brought back from an older backup: the world has gone on, and it does not know how.
 *
 * Effects that it began are found by their keys, as after any crash. What it had not begun may have been done since under
 * a key that it does not know, so nothing of that is done again without a person.
 */
import type { Database } from "./database.ts";
import { redrawOpen } from "./messages.ts";

/** Nobody may be using the database meanwhile. */
export function settleRestored(database: Database): Promise<void> {
  return database.transaction(async (sql) => {
    // What was said and not dealt with at the backup was dealt with soon after it.
    await sql.run(
      `UPDATE shipmate.inbox SET done_at = shipmate.now(), answer = '{"is": "card"}'::jsonb WHERE done_at IS NULL`,
    );
    await sql.run(
      `UPDATE shipmate.runs r SET rung = true, cancel = COALESCE(cancel,
         jsonb_build_object('by', 'shipmate', 'name', 'The restore of a backup', 'at', shipmate.now()))
       WHERE ended_at IS NULL AND state IN ('planning', 'queued')
         AND NOT EXISTS (SELECT FROM shipmate.journal j WHERE j.run = r.id AND j.key LIKE '%/begun')`,
    );
    // Waiting is over by now, and what comes after it may be done: a person looks, and lets it go on.
    await sql.run(
      `WITH waiting AS (
         UPDATE shipmate.runs r SET rung = true
         WHERE ended_at IS NULL AND state = 'waiting' AND EXISTS (
           SELECT FROM jsonb_array_elements(r.waits) w WHERE w->>'kind' IN ('time', 'press'))
         RETURNING id)
       INSERT INTO shipmate.journal AS j (run, key, value)
         SELECT id, 'code/fault', jsonb_build_object('says', $1::text, 'asked', 0, 'open', true) FROM waiting
       ON CONFLICT (run, key) DO UPDATE SET value = j.value || jsonb_build_object('says', $1::text, 'open', true)`,
      [unknown],
    );
    // What waited to be posted, or was being posted, may stand there by now: it is looked for first.
    await sql.run(
      "UPDATE shipmate.messages SET attempts = greatest(attempts, 1), lease_until = 0 WHERE ref IS NULL",
    );
    await redrawOpen(sql);
  });
}

/** On the card of a run that waited for a time or a button. */
const unknown =
  "An older backup of the database was restored, so this run does not know what it did since. Look at what stands there before it goes on.";
