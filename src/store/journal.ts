/** The journal of a run: what its steps came to, by key. Written under the driver's epoch only. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import type { Deed } from "./audit.ts";
import { behindSince, first, Jsonb, json, type Sql } from "./database.ts";
import { type Holds, isOpen, keptBack, Passed } from "./runs.ts";

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
  const { id, epoch, rev } = put.run;
  const row = await first(
    sql,
    Passed,
    `WITH soft AS (SELECT CASE WHEN $9::boolean THEN set_config('synchronous_commit', 'off', true) END),
     mine AS (
       UPDATE shipmate.runs SET rev = rev + 1, state = COALESCE($3::text, state),
         tries = CASE WHEN $4::jsonb = '[]' THEN tries ELSE 1 END FROM soft
       WHERE id = $1 AND epoch = $2 AND rev >= $7 AND ${isOpen}
       RETURNING id, rev, shipmate.now() AS now),
     gone AS (
       DELETE FROM shipmate.journal j USING mine
       WHERE j.run = mine.id AND j.key IN (SELECT jsonb_array_elements_text($5::jsonb))),
     shown AS (
       UPDATE shipmate.messages m SET wanted_rev = wanted_rev + 1, ${behindSince},
         next_at = CASE WHEN $3::text IS NULL THEN next_at ELSE 0 END
       FROM mine WHERE m.run = $1 AND m.kind = 'root' AND $6::boolean),
     saved AS (
       INSERT INTO shipmate.journal (run, key, value, at)
       SELECT mine.id, e->>'key', e->'value', mine.now FROM mine, jsonb_array_elements($4::jsonb) e
       ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, at = excluded.at),
     told AS (
       INSERT INTO shipmate.audit (person, surface, did, run, digest, detail)
       SELECT d->>'person', d->>'surface', d->>'did', d->>'run', d->>'digest', COALESCE(d->'detail', '{}')
       FROM mine, jsonb_array_elements($8::jsonb) d RETURNING id),
     unsealed AS (INSERT INTO shipmate.audit_unsealed (audit) SELECT id FROM told)
     SELECT now, rev FROM mine`,
    [
      id,
      epoch,
      put.state ?? null,
      json(put.entries.map((e) => ({ key: e.key, value: e.value ?? null }))),
      json(put.gone ?? []),
      put.shows ?? put.state !== undefined,
      rev,
      json(put.audit ?? []),
      put.soft ?? false,
    ],
  );
  return row ?? keptBack(put.run, put.entries.map((e) => e.key).join(", "));
}

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
