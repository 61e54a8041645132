/** Where a message stands that was posted without our hearing of it: learnt from people who see it, or found again. */
import { z } from "zod";
import { first, type Sql } from "./database.ts";

/**
 * Somebody's client shows it at `ref`: writes that down where it was tried and nobody knows what became of it. Gives
 * the reference that counts; undefined where it has no place there, or another message of ours stands at `ref`.
 */
export async function learnRef(
  sql: Sql,
  id: string,
  at: { readonly surface: string; readonly channel: string; readonly owner?: string },
  ref: string,
): Promise<string | undefined> {
  const row = await first(
    sql,
    z.object({ ref: z.string().nullable() }),
    `WITH it AS (
       SELECT id, ref, channel FROM shipmate.messages WHERE id = $1 AND surface = $2
         AND ($3 = channel OR lower($4) IN (lower(channel), lower(to_account)))),
     learnt AS (
       UPDATE shipmate.messages m SET ref = $5, next_at = 0, posted_hash = NULL FROM it
       WHERE m.id = it.id AND m.ref IS NULL AND m.attempts > 0
         AND NOT EXISTS (SELECT FROM shipmate.messages o
           WHERE o.surface = $2 AND o.channel = m.channel AND o.ref = $5)
       RETURNING m.ref)
     SELECT COALESCE((SELECT ref FROM learnt), it.ref) AS ref FROM it
     WHERE NOT EXISTS (SELECT FROM shipmate.messages o
       WHERE o.surface = $2 AND o.channel = it.channel AND o.ref = $5 AND o.id <> $1)`,
    [id, at.surface, at.channel, at.owner ?? null, ref],
  );
  return row?.ref ?? undefined;
}

/** It was found at `ref`, as it was posted once: what it should be by now is a change, to be claimed as one. */
export async function markFound(sql: Sql, id: string, ref: string): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET ref = $2, posted_hash = NULL, lease_until = 0, next_at = 0 WHERE id = $1`,
    [id, ref],
  );
}
