/**
 * Runs, and what every write of their drivers goes through.
 *
 * A claim is an epoch and a lease, both judged by the database's clock. Every write of a driver names its epoch;
 * where it is not the current one, nothing is written and `Fenced` is thrown: somebody else drives the run now.
 * A claim's commit may be lost with the database's power; epochs leap at random, so that no second claim has the same.
 * So may another soft commit: each write raises `rev`, and a driver that has seen a later one than stands there is fenced.
 */
import { z } from "zod";
import type { Say } from "../core/card.ts";
import type { Json } from "../core/operation.ts";
import type { Place } from "../core/surface.ts";
import type { Deed } from "./audit.ts";
import { behindSince, Fenced, first, Jsonb, json, type Sql, soft } from "./database.ts";

/** What a parked run waits for, for its card and for presses. */
export const Waits = z.object({
  kind: z.enum(["approval", "lock", "press", "time", "child", "look", "fault"]),
  step: z.string(),
  /** The key that a press must name. */
  wait: z.string().optional(),
  says: z.string().optional(),
  since: z.number().optional(),
  until: z.number().optional(),
  buttons: z
    .array(
      z.object({
        name: z.string(),
        label: z.string(),
        danger: z.boolean().optional(),
        form: z.boolean().optional(),
        /** The JSON Schema of its form. */
        schema: Jsonb.optional(),
      }),
    )
    .optional(),
  /** The run that holds the target, and how many are before this one. */
  holder: z.string().optional(),
  ahead: z.number().optional(),
});
export type Waits = z.output<typeof Waits>;

const NextSay = z.object({
  label: z.string(),
  command: z.string(),
  args: Jsonb,
  primary: z.boolean().optional(),
  confirm: z.string().optional(),
});

export const Run = z.object({
  id: z.string(),
  number: z.number(),
  workflow: z.string(),
  workflow_hash: z.string(),
  input: Jsonb,
  title: z.string(),
  by_person: z.string(),
  parent: z.string().nullable(),
  parent_step: z.string().nullable(),
  state: z.string(),
  says: z.string(),
  output: Jsonb.nullable(),
  waits: z.array(Waits).nullable(),
  /** What the card offers after the end. */
  next: z.array(NextSay).nullable(),
  created_at: z.number(),
  ended_at: z.number().nullable(),
  cancel: z.object({ by: z.string(), name: z.string(), at: z.number() }).nullable(),
  epoch: z.number(),
  rev: z.number(),
  /** 1: goes before others, -1: after them. */
  hurry: z.number(),
});
export type Run = z.output<typeof Run>;
/**
 * Whether a run is open, in a statement that names it by its id. Said plainly (`ended_at IS NULL`), an index of open
 * runs is taken for it where the planner knows no better, and all of them are read to find one.
 */
export const isOpen = "COALESCE(ended_at, 0) = 0";

/** A run's columns, as `Run` has them. */
export const columns =
  "id, number, workflow, workflow_hash, input, title, by_person, parent, parent_step, state, says, output, waits, next, created_at, ended_at, cancel, epoch, rev, hurry";

export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  readonly hash: string;
  readonly input: Json;
  readonly title: string;
  readonly by: string;
  /** 1: goes before others, -1: after them. */
  readonly hurry?: number;
  readonly parent?: { readonly run: string; readonly step: string };
}

/** What stands beside a new run from its first moment on. */
export interface Beside {
  /** Where its cards stand. */
  readonly roots?: readonly { readonly id: string; readonly at: Place }[];
  readonly targets?: readonly string[];
  readonly audit?: Deed;
  /** A power cut may lose all of it (`soft`). */
  readonly soft?: boolean;
}

const Id = z.object({ id: z.string() });

/** How long a new run's card waits for its plan, in milliseconds: most plans are made by then. */
const untilPlanned = 150;

/** Whether it is new: the same id a second time changes nothing, nor adds anything. One statement, whatever is beside it. */
export async function insertRun(sql: Sql, run: NewRun, beside: Beside = {}): Promise<boolean> {
  const { roots = [], targets = [], audit } = beside;
  const rows = await sql.query(
    Id,
    `WITH ${beside.soft ? `soft AS (${soft}),` : ""} mine AS (
       INSERT INTO shipmate.runs
         (id, workflow, workflow_hash, input, title, by_person, parent, parent_step, hurry, state, says)
       SELECT $1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9::integer, 'planning', '' ${beside.soft ? "FROM soft" : ""}
       ON CONFLICT (id) DO NOTHING RETURNING id),
     roots AS (
       INSERT INTO shipmate.messages (id, surface, channel, thread, kind, run, next_at)
       SELECT r->>'id', r->>'surface', r->>'channel', r->>'thread', 'root', mine.id, shipmate.now() + ${untilPlanned}
       FROM mine, jsonb_array_elements($10::jsonb) r ON CONFLICT DO NOTHING),
     targets AS (
       INSERT INTO shipmate.run_targets (run, target)
       SELECT mine.id, t FROM mine, jsonb_array_elements_text($11::jsonb) t ON CONFLICT DO NOTHING),
     told AS (
       INSERT INTO shipmate.audit (person, surface, did, run, detail)
       SELECT d->>'person', d->>'surface', d->>'did', mine.id, COALESCE(d->'detail', '{}')
       FROM mine, jsonb_array_elements($12::jsonb) d RETURNING id),
     unsealed AS (INSERT INTO shipmate.audit_unsealed (audit) SELECT id FROM told)
     SELECT id FROM mine`,
    [
      run.id,
      run.workflow,
      run.hash,
      json(run.input),
      run.title,
      run.by,
      run.parent?.run ?? null,
      run.parent?.step ?? null,
      run.hurry ?? 0,
      json(
        roots.map(({ id, at: { surface, channel, thread } }) => ({ id, surface, channel, thread })),
      ),
      json(targets),
      json(audit ? [audit] : []),
    ],
  );
  return rows.length === 1;
}

/** Marks runs as due now, in the order of their ids: two that ring the same runs don't wait for each other. */
export async function ringRuns(sql: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.run(`WITH ${rings("SELECT jsonb_array_elements_text($1::jsonb)")} SELECT FROM rung`, [
    json(ids),
  ]);
}

/** The parts of a statement that do this: to be put behind `WITH`. `rung` has the ids of those that are open. */
export const rings = (ids: string): string => `to_ring AS (
       SELECT id FROM shipmate.runs WHERE id = ANY (ARRAY(${ids})) AND ${isOpen} ORDER BY id FOR UPDATE),
     rung AS (UPDATE shipmate.runs r SET rung = true FROM to_ring WHERE r.id = to_ring.id RETURNING r.id)`;

export function findRun(sql: Sql, id: string): Promise<Run | undefined> {
  return first(sql, Run, `SELECT ${columns} FROM shipmate.runs WHERE id = $1`, [id]);
}
export function findRunByNumber(sql: Sql, number: number): Promise<Run | undefined> {
  return first(sql, Run, `SELECT ${columns} FROM shipmate.runs WHERE number = $1`, [number]);
}

/** Asks for a cancel; the first one counts. Whether the run was still open. */
export async function askCancel(
  sql: Sql,
  id: string,
  by: { readonly id: string; readonly name: string },
): Promise<boolean> {
  const asked = await sql.run(
    `UPDATE shipmate.runs SET rung = true, cancel = ${cancelBy("$2", "$3")}
     WHERE id = $1 AND ${isOpen}`,
    [id, by.id, by.name],
  );
  return asked === 1;
}

/** The first one who asks counts. */
const cancelBy = (id: string, name: string): string =>
  `COALESCE(cancel, jsonb_build_object('by', ${id}::text, 'name', ${name}::text, 'at', shipmate.now()))`;

const Ended = z.object({ children: z.array(z.string()) });

/** What a driver holds: its claim, and the latest `rev` that it has seen. */
export type Holds = Pick<Run, "id" | "epoch" | "rev">;

/** When it was written, by the database's clock, and the `rev` that this made. */
export const Passed = z.object({ now: z.number(), rev: z.number() });
export type Passed = z.output<typeof Passed>;

/**
 * Rings an open run and has its card drawn again, without waiting for the disk, and keeps its row locked until the
 * transaction ends: before anything of it is touched. Gives it as it stands, open or not. `name`: its id or its number.
 */
export async function touchRun(sql: Sql, name: string | number): Promise<Run | undefined> {
  const column = typeof name === "number" ? "number" : "id";
  const open = await first(
    sql,
    Run,
    `WITH soft AS (${soft}),
     rung AS (UPDATE shipmate.runs SET rung = true FROM soft WHERE ${column} = $1 AND ${isOpen} RETURNING ${columns}),
     shown AS (
       UPDATE shipmate.messages m SET wanted_rev = wanted_rev + 1, ${behindSince}, next_at = 0
       FROM rung WHERE m.run = ANY (ARRAY(SELECT id FROM rung)) AND m.run = rung.id AND m.kind = 'root')
     SELECT ${columns} FROM rung`,
    [name],
  );
  if (open) return open;
  return typeof name === "number" ? findRunByNumber(sql, name) : findRun(sql, name);
}

/** The fence: throws where the claim is stale, and otherwise keeps the run's row locked until the transaction ends. */
export async function fence(sql: Sql, holds: Holds, isSoft = false): Promise<Passed> {
  const { id, epoch, rev } = holds;
  const row = await first(
    sql,
    Passed,
    `WITH ${isSoft ? `soft AS (${soft}),` : ""} mine AS (
       UPDATE shipmate.runs SET rev = rev + 1 ${isSoft ? "FROM soft" : ""}
       WHERE id = $1 AND epoch = $2 AND rev >= $3 AND ${isOpen} RETURNING rev)
     SELECT COALESCE((SELECT rev FROM mine), shipmate.keep_back($1, $2, $3)) AS rev, shipmate.now() AS now`,
    [id, epoch, rev],
  );
  return row ?? keptBack(holds);
}

/** Somebody else has the run, or what this driver wrote before is lost: it has to be read anew. */
export function keptBack({ id, epoch, rev }: Holds): never {
  throw new Fenced(
    `what was to be written of run ${id} was kept back: claim ${epoch} is not the current one, or ${rev} is lost`,
  );
}

/**
 * Ends a run for good, with its open plans, its last entries and the audit rows that tell of it, and gives its claim
 * back. Gives its children that are still open: each was rung, and asked to cancel. Throws Fenced where the claim is not
 * the current one.
 */
export async function endRun(
  sql: Sql,
  holds: Holds,
  end: {
    readonly state: string;
    readonly says: string;
    readonly output: Json;
    /** What the card offers from now on. */
    readonly buttons: readonly Say[];
    /** What its journal has besides. */
    readonly entries: readonly { readonly key: string; readonly value: Json }[];
    readonly audit: readonly Deed[];
    /** Who asks its children to cancel. */
    readonly by: { readonly id: string; readonly name: string };
  },
): Promise<readonly string[]> {
  const { id, epoch, rev } = holds;
  const { entries } = end;
  const row = await first(
    sql,
    Ended,
    `WITH mine AS (
       UPDATE shipmate.runs SET state = $4, says = $5, output = $6::jsonb, next = $7::jsonb, waits = NULL,
         rev = rev + 1, lease_until = 0, wake_at = NULL, rung = false, ended_at = shipmate.now()
       WHERE epoch = $2 AND id = $1 AND rev >= $3 AND ${isOpen} RETURNING id),
     closed AS (
       UPDATE shipmate.plans p SET state = 'cancelled', why = $5, decided_at = shipmate.now()
       FROM mine WHERE p.run = $1 AND p.state = 'open'),
     saved AS (
       INSERT INTO shipmate.journal (run, key, value)
       SELECT id, e->>'key', e->'value' FROM mine, jsonb_array_elements($8::jsonb) e
       ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, at = excluded.at),
     told AS (
       INSERT INTO shipmate.audit (person, surface, did, run, digest, detail)
       SELECT d->>'person', d->>'surface', d->>'did', d->>'run', d->>'digest', COALESCE(d->'detail', '{}')
       FROM mine, jsonb_array_elements($9::jsonb) d RETURNING id),
     unsealed AS (INSERT INTO shipmate.audit_unsealed (audit) SELECT id FROM told),
     shown AS (
       UPDATE shipmate.messages m SET wanted_rev = wanted_rev + 1, ${behindSince}, next_at = 0
       FROM mine WHERE m.run = $1 AND m.kind = 'root'),
     left_behind AS (
       SELECT id FROM shipmate.runs WHERE parent = $1 AND ${isOpen} ORDER BY id FOR UPDATE),
     stopped AS (
       UPDATE shipmate.runs r SET rung = true, cancel = ${cancelBy("$10", "$11")}
       FROM left_behind WHERE r.id = left_behind.id RETURNING r.id)
     SELECT COALESCE((SELECT 1 FROM mine), shipmate.keep_back($1, $2, $3)) AS ended,
       (SELECT COALESCE(jsonb_agg(id ORDER BY id), '[]') FROM stopped) AS children`,
    [
      ...[id, epoch, rev, end.state, end.says, json(end.output), json(end.buttons)],
      json(entries.map(({ key, value }) => ({ key, value: value ?? null }))),
      json(end.audit),
      ...[end.by.id, end.by.name],
    ],
  );
  return row?.children ?? keptBack(holds);
}

/** The run's card is to be drawn again, at once. */
export async function bumpRoot(sql: Sql, run: string): Promise<void> {
  await sql.run(
    `UPDATE shipmate.messages SET wanted_rev = wanted_rev + 1, ${behindSince}, next_at = 0
     WHERE run = $1 AND kind = 'root'`,
    [run],
  );
}
