/** The journal of a run: what its steps came to, by key. Written under the driver's epoch only. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import type { Deed } from "./audit.ts";
import { behindSince, isDown, Jsonb, json, type Sql, soft } from "./database.ts";
import { gathered } from "./gather.ts";
import { type Holds, isOpen, keptBack, type Passed } from "./runs.ts";

export interface Entry {
  readonly key: string;
  readonly value: Json;
}

export interface Put {
  readonly run: Holds;
  readonly entries: readonly Entry[];
  readonly gone?: readonly string[];
  /** The run's state from now on. */
  readonly state?: string | undefined;
  /** The card shows it. */
  readonly shows?: boolean;
  /** What the audit tells of it. */
  readonly audit?: readonly Deed[] | undefined;
  /** A power cut may lose it, together with all that came after it (`soft`). */
  readonly soft?: boolean | undefined;
}

/** One commit. Throws Fenced where the claim is not the current one. */
export async function putEntries(sql: Sql, put: Put): Promise<Passed> {
  const [row] = await write(sql, [put], false);
  return passed(put, row);
}

/**
 * The same, in one commit for all that is put at the same time: where many runs get on, the disk is waited for once.
 * Where the connection was lost nobody knows what became of it, and it is not put again.
 */
export function putTogether(sql: Sql): (put: Put) => Promise<Passed> {
  const outcome = gathered(
    async (puts: readonly Put[]) => {
      // Of several of one run the first; the others come after it, each alone.
      const ofRun = new Map(puts.toReversed().map((put) => [put.run.id, put]));
      const rows = await write(sql, [...ofRun.values()], true);
      const wrote = new Map(rows.map((row) => [ofRun.get(row.id), row]));
      return puts.map((put) => {
        const row = wrote.get(put);
        return async () => (row ? passed(put, row) : putEntries(sql, put));
      });
    },
    (error) => !isDown(error),
  );
  return async (put) => (await outcome(put))();
}

/** `rev` is null where the claim is not the current one. */
const Wrote = z.object({ id: z.string(), rev: z.number().nullable(), now: z.number().nullable() });

function passed(put: Put, row: z.output<typeof Wrote> | undefined): Passed {
  const { now = null, rev = null } = row ?? {};
  if (now !== null && rev !== null) return { now, rev };
  return keptBack(put.run);
}

/**
 * At most one put a run; alone it throws Fenced where its claim is not the current one. `passing`: runs that somebody
 * holds are passed over and missing in the answer, so that two who hold several never wait for each other. What none of
 * them asks for is no part of the statement: each part costs, also where it does nothing.
 */
function write(sql: Sql, puts: readonly Put[], passing: boolean) {
  const where = (asks: (put: Put) => boolean, text: string) => (puts.some(asks) ? text : "");
  const isSoft = puts.every(({ soft }) => soft === true);
  const held = passing
    ? "SELECT id FROM shipmate.runs WHERE id = ANY (ARRAY(SELECT id FROM puts)) FOR NO KEY UPDATE SKIP LOCKED"
    : "SELECT id, epoch AS claim, rev AS seen FROM puts";
  return sql.query(
    Wrote,
    `WITH ${isSoft ? `soft AS (${soft}),` : ""} puts AS (
       SELECT p.* FROM ${isSoft ? "soft," : ""} jsonb_to_recordset($1::jsonb) AS p(
         id text, epoch bigint, rev bigint, state text, entries jsonb, gone jsonb, shows boolean, audit jsonb)),
     held AS (
       ${held}),
     mine AS (
       UPDATE shipmate.runs r SET rev = r.rev + 1, state = COALESCE(p.state, r.state),
         tries = CASE WHEN p.entries = '[]' THEN tries ELSE 1 END
       FROM puts p WHERE r.id = ANY (ARRAY(SELECT id FROM held)) AND r.id = p.id
         AND r.epoch = p.epoch AND r.rev >= p.rev AND ${isOpen}
       RETURNING r.id, r.rev, shipmate.now() AS now, p.entries, p.gone, p.shows, p.state AS becomes, p.audit)
     ${where(
       ({ gone = [] }) => gone.length > 0,
       `, gone AS (
       DELETE FROM shipmate.journal j USING mine
       WHERE j.run = ANY (ARRAY(SELECT id FROM puts)) AND j.run = mine.id AND mine.gone ? j.key)`,
     )}
     ${where(
       doesShow,
       `, shown AS (
       UPDATE shipmate.messages m SET wanted_rev = wanted_rev + 1, ${behindSince},
         next_at = CASE WHEN mine.becomes IS NULL THEN next_at ELSE 0 END
       FROM mine WHERE m.run = ANY (ARRAY(SELECT id FROM puts)) AND m.run = mine.id AND m.kind = 'root' AND mine.shows)`,
     )}
     ${where(
       ({ entries }) => entries.length > 0,
       `, saved AS (
       INSERT INTO shipmate.journal (run, key, value, at)
       SELECT mine.id, e->>'key', e->'value', mine.now FROM mine, jsonb_array_elements(mine.entries) e
       ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, at = excluded.at)`,
     )}
     ${where(
       ({ audit = [] }) => audit.length > 0,
       `, told AS (
       INSERT INTO shipmate.audit (person, surface, did, run, digest, detail)
       SELECT d->>'person', d->>'surface', d->>'did', d->>'run', d->>'digest', COALESCE(d->'detail', '{}')
       FROM mine, jsonb_array_elements(mine.audit) d RETURNING id),
     unsealed AS (INSERT INTO shipmate.audit_unsealed (audit) SELECT id FROM told)`,
     )}
     SELECT id, ${passing ? "rev" : "COALESCE(rev, shipmate.keep_back(id, claim, seen)) AS rev"}, now
     FROM held LEFT JOIN mine USING (id)`,
    [
      json(
        puts.map((put) => ({
          ...{ id: put.run.id, epoch: put.run.epoch, rev: put.run.rev, state: put.state ?? null },
          entries: put.entries.map(({ key, value }) => ({ key, value: value ?? null })),
          ...{ gone: put.gone ?? [], shows: doesShow(put), audit: put.audit ?? [] },
        })),
      ),
    ],
  );
}

const doesShow = ({ shows, state }: Put): boolean => shows ?? state !== undefined;

const Key = z.object({ key: z.string() });

/** Whether something stands there under this key. */
export async function hasEntry(sql: Sql, run: string, key: string): Promise<boolean> {
  const rows = await sql.query(
    Key,
    "SELECT key FROM shipmate.journal WHERE run = $1 AND key = $2",
    [run, key],
  );
  return rows.length > 0;
}

const Row = z.object({ key: z.string(), value: Jsonb, at: z.number() });

/** All entries with their times, in the order of time: for timelines. */
export function listEntries(sql: Sql, run: string): Promise<readonly z.output<typeof Row>[]> {
  return sql.query(
    Row,
    "SELECT key, value, at FROM shipmate.journal WHERE run = $1 ORDER BY at, key",
    [run],
  );
}
