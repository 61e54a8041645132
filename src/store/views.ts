/** The read side of console and API: messages in a channel, runs, what waits for whom, the audit log. */
import { z } from "zod";
import type { DrawnCard } from "../core/card.ts";
import type { Form } from "../core/surface.ts";
import { first, json, type Sql } from "./database.ts";
import { newestRuns } from "./run-lists.ts";

const drawn = z.custom<DrawnCard>((value) => typeof value === "object" && value !== null);
const form = z.custom<Form>((value) => typeof value === "object" && value !== null);

/** A message as it stands in its channel. */
export const MessageRow = z.object({
  id: z.string(),
  number: z.number(),
  channel: z.string(),
  /** said, root, reply, note */
  kind: z.string(),
  /** The person whose words it is; null for ours. */
  author: z.string().nullable(),
  run: z.string().nullable(),
  to_account: z.string().nullable(),
  drawn: drawn.nullable(),
  form: form.nullable(),
  at: z.number(),
  edited_at: z.number().nullable(),
});
export type MessageRow = z.output<typeof MessageRow>;
const message = "id, number, channel, kind, author, run, to_account, drawn, form, at, edited_at";

/** What `viewer` may see of a channel: the newest `limit` messages in the order in which they came. */
export async function listMessages(
  sql: Sql,
  query: {
    readonly surface: string;
    readonly channel: string;
    readonly viewer: string;
    readonly limit: number;
  },
): Promise<readonly MessageRow[]> {
  const rows = await sql.query(
    MessageRow,
    `SELECT ${message} FROM shipmate.messages
     WHERE surface = $1 AND channel = $2 AND kind <> 'note' AND drawn IS NOT NULL
       AND (to_account IS NULL OR to_account = $3)
     ORDER BY number DESC LIMIT $4`,
    [query.surface, query.channel, query.viewer, query.limit],
  );
  return rows.toReversed();
}

/** One message of a surface, whoever may see it. */
export function findMessage(
  sql: Sql,
  surface: string,
  id: string,
): Promise<MessageRow | undefined> {
  return first(
    sql,
    MessageRow,
    `SELECT ${message} FROM shipmate.messages WHERE surface = $1 AND id = $2`,
    [surface, id],
  );
}

/** Stores somebody's own words as a message that nobody has to post. */
export async function insertSaid(
  sql: Sql,
  said: {
    readonly id: string;
    readonly surface: string;
    readonly channel: string;
    readonly author: string;
    readonly text: string;
  },
): Promise<void> {
  const card: DrawnCard = { title: said.text, buttons: [] };
  await sql.run(
    `INSERT INTO shipmate.messages
       (id, surface, channel, kind, author, card, drawn, wanted_rev, posted_rev, ref)
     VALUES ($1, $2, $3, 'said', $4, $5::jsonb, $5::jsonb, 1, 1, $1)
     ON CONFLICT (id) DO NOTHING`,
    [said.id, said.surface, said.channel, said.author, card],
  );
}

export const ChannelRow = z.object({ channel: z.string(), last: z.number() });

/**
 * Every channel in which something stands that `viewer` may see, with the number of its newest message. It goes from
 * one channel to the next by the index, however many messages there are.
 */
export function listChannels(
  sql: Sql,
  surface: string,
  viewer: string,
): Promise<readonly z.output<typeof ChannelRow>[]> {
  return sql.query(
    ChannelRow,
    `WITH RECURSIVE channels AS (
       (SELECT channel FROM shipmate.messages WHERE surface = $1 ORDER BY channel LIMIT 1)
       UNION ALL
       SELECT (SELECT m.channel FROM shipmate.messages m
         WHERE m.surface = $1 AND m.channel > c.channel ORDER BY m.channel LIMIT 1)
       FROM channels c WHERE c.channel IS NOT NULL)
     SELECT c.channel, newest.number AS last FROM channels c, LATERAL (
       SELECT number FROM shipmate.messages
       WHERE surface = $1 AND channel = c.channel AND kind <> 'note' AND drawn IS NOT NULL
         AND (to_account IS NULL OR to_account = $2) ORDER BY number DESC LIMIT 1) newest
     ORDER BY c.channel`,
    [surface, viewer],
  );
}

const RootRow = z.object({ run: z.string(), id: z.string(), channel: z.string() });

/** The messages of runs on a surface: where each run's card stands. */
export function rootsOf(
  sql: Sql,
  surface: string,
  runs: readonly string[],
): Promise<readonly z.output<typeof RootRow>[]> {
  return sql.query(
    RootRow,
    `SELECT run, id, channel FROM shipmate.messages
     WHERE surface = $1 AND kind = 'root' AND drawn IS NOT NULL
       AND run IN (SELECT jsonb_array_elements_text($2::jsonb)) ORDER BY number`,
    [surface, JSON.stringify(runs)],
  );
}

/** A run in a list; `digest` is that of the plan that waits for votes. */
export const RunRow = z.object({
  id: z.string(),
  number: z.number(),
  workflow: z.string(),
  title: z.string(),
  state: z.string(),
  says: z.string(),
  by: z.string(),
  at: z.number(),
  ended: z.number().nullable(),
  digest: z.string().nullable(),
});
export type RunRow = z.output<typeof RunRow>;
/** While a run is under way its sentence stands on its card. */
const run = `r.id, r.number, r.workflow, r.title, r.state, r.by_person AS by, r.created_at AS at,
       r.ended_at AS ended, COALESCE(NULLIF(r.says, ''), (SELECT m.drawn->>'says' FROM shipmate.messages m
         WHERE m.run = r.id AND m.kind = 'root' AND m.drawn IS NOT NULL LIMIT 1), '') AS says`;

/** Runs, the newest first; `before` is a run's number. `of` covers what lies below it. */
export async function viewRuns(
  sql: Sql,
  query: {
    readonly of?: string | undefined;
    readonly open?: boolean | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<readonly RunRow[]> {
  const { open, ...more } = query;
  const ids = await newestRuns(sql, { ...more, ended: open === undefined ? undefined : !open });
  return sql.query(
    RunRow,
    `SELECT ${run}, p.digest FROM shipmate.runs r
     LEFT JOIN shipmate.plans p ON p.run = r.id AND p.state = 'open'
     WHERE r.id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY r.number DESC`,
    [json(ids)],
  );
}

/** A run by its id or the number that people use. */
export function viewRun(sql: Sql, name: string): Promise<RunRow | undefined> {
  const number = /^\d{1,15}$/.test(name) ? Number(name) : null;
  return first(
    sql,
    RunRow,
    `SELECT ${run},
       (SELECT digest FROM shipmate.plans p WHERE p.run = r.id AND p.state <> 'void'
        ORDER BY p.id DESC LIMIT 1) AS digest
     FROM shipmate.runs r WHERE r.id = $1 OR r.number = $2 ORDER BY (r.id = $1) DESC LIMIT 1`,
    [name, number],
  );
}

/** What a run touches, as far as it is known. */
export async function runTargets(sql: Sql, run: string): Promise<readonly string[]> {
  const rows = await sql.query(
    z.object({ target: z.string() }),
    `SELECT target FROM shipmate.run_targets WHERE run = $1
     UNION SELECT jsonb_array_elements_text(body->'targets') FROM shipmate.plans WHERE run = $1
     ORDER BY target`,
    [run],
  );
  return rows.map(({ target }) => target);
}

/** Runs that wait for a vote which `person` may give and has not given. */
export function waitingFor(sql: Sql, person: string): Promise<readonly RunRow[]> {
  return sql.query(
    RunRow,
    `SELECT ${run}, p.digest FROM shipmate.runs r
     JOIN shipmate.plans p ON p.run = r.id AND p.state = 'open'
     WHERE r.ended_at IS NULL
       AND EXISTS (SELECT FROM jsonb_array_elements(p.body->'needs') need
         WHERE need->'people' @> to_jsonb($1::text))
       AND NOT EXISTS (SELECT FROM shipmate.votes v WHERE v.run = p.run AND v.step = p.step
         AND v.digest = p.digest AND v.person = $1 AND v.withdrawn_at IS NULL)
     ORDER BY r.number`,
    [person],
  );
}

export const AuditRow = z.object({
  id: z.number(),
  at: z.number(),
  person: z.string(),
  surface: z.string(),
  did: z.string(),
  run: z.string().nullable(),
  digest: z.string().nullable(),
  detail: z.json(),
  /** The link in the chain; null until the sealer has come by. */
  hash: z.string().nullable(),
});
export type AuditRow = z.output<typeof AuditRow>;

/** The audit log, the newest first; `before` is a row's id. */
export function viewAudit(
  sql: Sql,
  query: {
    readonly run?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<readonly AuditRow[]> {
  return sql.query(
    AuditRow,
    `SELECT a.id, a.at, a.person, a.surface, a.did, a.run, a.digest, a.detail, c.hash
     FROM shipmate.audit a LEFT JOIN shipmate.audit_chain c ON c.audit = a.id
     WHERE a.id < $1 ${query.run === undefined ? "" : "AND a.run = $3"}
     ORDER BY a.id DESC LIMIT $2`,
    [
      query.before ?? Number.MAX_SAFE_INTEGER,
      query.limit,
      ...(query.run === undefined ? [] : [query.run]),
    ],
  );
}

const NoteRow = z.object({ at: z.number(), drawn: drawn.nullable() });

/** The lines that a run's workflow wrote into its thread, the oldest first, each once. */
export function viewNotes(
  sql: Sql,
  run: string,
): Promise<readonly { readonly at: number; readonly drawn: DrawnCard | null }[]> {
  return sql.query(
    NoteRow,
    `SELECT min(at) AS at, COALESCE(drawn, card) AS drawn FROM shipmate.messages
     WHERE run = $1 AND kind = 'note' GROUP BY COALESCE(drawn, card) ORDER BY min(at)`,
    [run],
  );
}

/** Whether the database answers, in whatever time it takes. */
export async function answers(sql: Sql): Promise<boolean> {
  const row = await first(sql, z.object({ one: z.number() }), "SELECT 1 AS one");
  return row?.one === 1;
}
