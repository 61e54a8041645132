/** What became of a message that was to be posted or changed: whoever claimed it says so here. */
import { z } from "zod";
import type { DrawnCard } from "../core/card.ts";
import { behindSince, json, type Sql, soft } from "./database.ts";
import { doubtAfter } from "./doubt.ts";
import type { Message } from "./messages.ts";

const Id = z.object({ id: z.string() });

/** What stands there now. */
export interface Posted {
  readonly id: string;
  readonly rev: number;
  readonly hash: string;
  readonly ref: string;
  readonly drawn: DrawnCard;
  /** No edit sooner than so many milliseconds from now, unless something jumps the queue or did since it was claimed. */
  readonly pace: number;
  /** It is to be drawn once more, whether anything changes or not. */
  readonly again?: boolean;
}

/** A power cut may lose it: then it is looked for, or edited once more. */
export async function markPosted(sql: Sql, posted: readonly Posted[]): Promise<void> {
  // Who holds several rows waits for none, so that two who do never wait for each other.
  const marked = posted.length > 1 ? await mark(sql, posted, "SKIP LOCKED") : [];
  const others = posted.filter(({ id }) => !marked.includes(id));
  await Promise.all(others.map((one) => mark(sql, [one], "")));
}

async function mark(
  sql: Sql,
  posted: readonly Posted[],
  locked: "SKIP LOCKED" | "",
): Promise<readonly string[]> {
  const rows = await sql.query(
    Id,
    `WITH soft AS (${soft}), posted AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb)
         AS p(id text, rev bigint, hash text, ref text, drawn jsonb, pace bigint, again boolean)),
     held AS (
       SELECT id FROM shipmate.messages WHERE id = ANY (ARRAY(SELECT id FROM posted))
       FOR NO KEY UPDATE ${locked})
     UPDATE shipmate.messages m SET posted_rev = p.rev, posted_hash = p.hash, ref = p.ref, drawn = p.drawn,
       attempts = 0, lease_until = 0, edited_at = shipmate.now(),
       next_at = CASE WHEN m.next_at = 0 AND m.wanted_rev > p.rev THEN 0 ELSE shipmate.now() + p.pace END,
       behind_at = shipmate.now(), wanted_rev = wanted_rev + CASE WHEN p.again THEN 1 ELSE 0 END
     FROM posted p, soft WHERE m.id = ANY (ARRAY(SELECT id FROM held)) AND m.id = p.id RETURNING m.id`,
    [json(posted)],
  );
  return rows.map(({ id }) => id);
}

/** Nothing to post: it stands there already. */
export async function markSame(sql: Sql, id: string, rev: number): Promise<void> {
  await sql.run(
    "UPDATE shipmate.messages SET posted_rev = $2, lease_until = 0, attempts = 0 WHERE id = $1",
    [id, rev],
  );
}

/**
 * It is about to be posted for the first time: whoever comes after a crash looks for it. False where somebody else
 * tried meanwhile, because this process slept past its claim: then it must not be posted once more.
 */
export async function markTried(
  sql: Sql,
  { id, attempts }: Pick<Message, "id" | "attempts">,
): Promise<boolean> {
  const tried = await sql.run(
    `UPDATE shipmate.messages SET attempts = attempts + 1
     WHERE id = $1 AND attempts = $2 AND ref IS NULL`,
    [id, attempts],
  );
  return tried === 1;
}

/**
 * Not now: again after `wait` milliseconds, with so many `attempts` so far. `lost` forgets the reference, so that it is
 * posted anew. `unknown`: it may stand there, now or soon, over what another process put there: it is drawn over, and
 * once more when what was sent can no longer arrive.
 */
export async function markLater(
  sql: Sql,
  id: string,
  later: {
    readonly wait: number;
    readonly attempts: number;
    readonly lost?: boolean;
    readonly unknown?: boolean;
  },
): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET lease_until = 0, next_at = shipmate.now() + $2,
       attempts = $4, ref = CASE WHEN $3::boolean THEN NULL ELSE ref END,
       posted_hash = CASE WHEN $5::boolean THEN NULL ELSE posted_hash END,
       posted_rev = CASE WHEN $5::boolean THEN least(posted_rev, wanted_rev - 1) ELSE posted_rev END,
       doubt_until = ${doubtAfter("$5::boolean")},
       ${behindSince}
     WHERE id = $1`,
    [id, later.wait, later.lost ?? false, later.attempts, later.unknown ?? false],
  );
}

/** The chat is there again: what waited because it was not is tried now. */
export async function markSoon(sql: Sql, surface: string): Promise<void> {
  await sql.run(
    `WITH soft AS (${soft})
     UPDATE shipmate.messages SET next_at = 0 FROM soft
     WHERE surface = $1 AND behind AND attempts > 0 AND next_at > shipmate.now()`,
    [surface],
  );
}

/** It can't be posted any more: its channel is gone. */
export async function markLost(sql: Sql, id: string): Promise<void> {
  await sql.run(
    "UPDATE shipmate.messages SET posted_rev = wanted_rev, lease_until = 0 WHERE id = $1",
    [id],
  );
}
