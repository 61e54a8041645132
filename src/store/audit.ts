/**
 * The audit log. A row is appended in the transaction of the act it tells of; one sealer links rows to a hash chain
 * a moment later, so that acts never wait for each other.
 *
 * - Each new row stands in `audit_unsealed` too, which the sealer empties: a row whose transaction commits late, under a
 *   lower id than its neighbours', is linked in the next round. `seq` is the order of the chain, not `audit`.
 * - hash = SHA-256 of the hash before and the row's canonical text. The first one has nothing before it.
 * - Whoever can write to the database can make a new chain; only a head that was noted elsewhere shows that.
 * - Pruning takes the oldest links with their rows, and leaves an anchor: the last of them. A row in the chain tells of
 *   it, and what follows is checked from there on, so that pruning hides nothing that was done to the rest.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import { canonical } from "../core/plan.ts";
import { type Database, first, Jsonb, type Sql, type Value } from "./database.ts";

/** Who did what. No secret may stand in it. */
export interface Deed {
  readonly person: string;
  readonly surface: string;
  /** A verb and what it needs: `approved`, `carried out`. */
  readonly did: string;
  readonly run?: string | undefined;
  readonly digest?: string | undefined;
  readonly detail?: { readonly [name: string]: Json };
}

/** The newest link: note it elsewhere, and a chain that is cut or made anew is found. */
export interface Head {
  readonly count: number;
  readonly hash: string;
}

/** Rows that were not looked at again now, and how many milliseconds ago all of them had been. */
export interface Before {
  readonly rows: number;
  readonly ago: number;
}

/** The first row that is wrong, in a sentence. */
export type Checked =
  | {
      readonly ok: true;
      readonly head: Head;
      /** How many links were pruned. */
      readonly pruned?: number;
      /** Of `watchAudit`; absent: every row was looked at now. */
      readonly before?: Before;
    }
  | { readonly ok: false; readonly says: string };

/** What a check that found nothing wrong says to people. */
export function heldText({ head, pruned = 0, before }: Checked & { readonly ok: true }): string {
  const all = head.count - pruned;
  const minutes = Math.max(1, Math.ceil((before?.ago ?? 0) / 60_000));
  const held = before
    ? `${all - before.rows} rows, the newest among them, are as they were written. The other ${before.rows} were so ${minutes === 1 ? "a minute" : `${minutes} minutes`} ago; npm run doctor looks at all of them.`
    : `All ${all} rows are as they were written.`;
  return pruned === 0 ? held : `${held} The ${pruned} before them were pruned.`;
}

/** Gives the row's id. Call it inside the act's own transaction. */
export async function appendAudit(sql: Sql, deed: Deed): Promise<number> {
  const row = await first(
    sql,
    Appended,
    `WITH row AS (
       INSERT INTO shipmate.audit (person, surface, did, run, digest, detail)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id)
     INSERT INTO shipmate.audit_unsealed (audit) SELECT id FROM row RETURNING audit`,
    [deed.person, deed.surface, deed.did, deed.run, deed.digest, deed.detail ?? {}],
  );
  if (row === undefined) throw new Error("appending to the audit gave no row");
  return row.audit;
}

const Appended = z.object({ audit: z.number() });

/** How many rows one round links at most. */
const batch = 500;
/** How many links one page of a check has. */
const page = 1_000;
/** The advisory lock's number: "seal" as bytes. */
const lock = 0x7365616c;

const start: Head = { count: 0, hash: "" };
const Numbered = z.object({ seq: z.number(), hash: z.string() });
const Link = Numbered.extend({ audit: z.number() });
/** A row's text is made of these fields, whatever columns come later. */
const fields = ["id", "at", "person", "surface", "did", "run", "digest", "detail"] as const;
const row = `CASE WHEN a.id IS NOT NULL THEN jsonb_build_object(${fields
  .map((name) => `'${name}', a.${name}`)
  .join(", ")}) END AS row`;

/** Links what is new and gives the head. Where another process is at it, or nothing is new, it does nothing. */
export async function sealAudit(database: Database): Promise<Head> {
  for (;;) {
    if (!(await anyNew(database))) return headOf(database);
    const sealed = await database.transaction(sealSome);
    if (sealed < batch) return headOf(database);
  }
}

/** Seals every so many milliseconds until closed; closing seals once more. `failed` hears of errors; the next round tries again. `sealed` hears of each head. */
export function startSealer(
  database: Database,
  every: number,
  failed: (error: unknown) => void,
  sealed: (head: Head) => Promise<void> = async () => undefined,
): { close(): Promise<void> } {
  let under: Promise<unknown> = Promise.resolve();
  const round = () => {
    under = under.then(async () => sealed(await sealAudit(database))).catch(failed);
    return under;
  };
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void round().then(() => {
      busy = false;
    });
  }, every);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await round();
    },
  };
}

/**
 * Walks the whole chain, a page at a time. With `known`, a head that was noted before, it also finds
 * a tail that was cut off and a chain that was made anew.
 */
export async function checkAudit(database: Database, known: Head = start): Promise<Checked> {
  const newest = await headOf(database);
  const anchor = await anchorOf(database);
  const wrong = await wrongBeginning(database, anchor);
  if (wrong) return no(wrong);
  const head = await walk(database, anchor, newest.count, known);
  if (typeof head === "string") return no(head);
  return (await wrongEnd(database, head, known)) ?? whole(head, anchor);
}

async function wrongBeginning(sql: Sql, anchor: Head): Promise<string | undefined> {
  if (anchor.count === 0 || (await isTold(sql, anchor))) return undefined;
  return "The audit's beginning was removed, and no row of it tells of that.";
}

/** From a link that is known up to another one. Gives that, or the first thing that is wrong. `passed` hears of each link. */
async function walk(
  sql: Sql,
  from: Head,
  to: number,
  known: Head,
  passed: (head: Head) => void = () => {},
): Promise<Head | string> {
  let head = from;
  while (head.count < to) {
    const links = await linksAfter(sql, head.count, Math.min(page, to - head.count));
    if (links.length === 0) return gone(head.count + 1);
    for (const { seq, audit, hash, row } of links) {
      if (seq !== head.count + 1) return gone(head.count + 1);
      if (row === null) return `Audit row ${audit} was removed after it was written.`;
      const expected = linked(head.hash, row);
      if (hash !== expected) return `Audit row ${audit} was altered after it was written.`;
      head = { count: seq, hash };
      if (seq === known.count && hash !== known.hash)
        return `The audit was written anew: row ${audit} is not the one that was known.`;
      passed(head);
    }
  }
  return head;
}

async function wrongEnd(sql: Sql, head: Head, known: Head): Promise<Checked | undefined> {
  if (head.count < known.count)
    return no(
      `The audit ends at row ${head.count}, and row ${known.count} was seen before: an older backup was restored, or its last rows were removed.`,
    );
  const foreign = await unlinked(sql);
  if (foreign === undefined) return undefined;
  return no(
    `Audit row ${foreign} has no link in the chain: it was put in by hand, or its link was removed.`,
  );
}

function whole(head: Head, anchor: Head, before?: Before): Checked {
  const pruned = anchor.count > 0 && { pruned: anchor.count };
  return { ok: true, head, ...pruned, ...(before && { before }) };
}

/**
 * Deletes the oldest rows with their links, so many at most: those older than so many milliseconds, up to the first
 * that is not, or whose run is under way. The newest link stays. Gives how many went; where another process is at it: 0.
 */
export function pruneAudit(database: Database, age: number, limit = 1_000): Promise<number> {
  return database.transaction(async (sql) => {
    if (!(await isOurTurn(sql))) return 0;
    const oldest = await sql.query(
      Link.extend({ old: z.boolean() }),
      `SELECT c.seq, c.audit, c.hash, COALESCE(a.at < shipmate.now() - $1::bigint
         AND NOT EXISTS (SELECT FROM shipmate.runs r WHERE r.id = a.run AND r.ended_at IS NULL), false) AS old
       FROM shipmate.audit_chain c LEFT JOIN shipmate.audit a ON a.id = c.audit
       WHERE c.seq < (SELECT max(seq) FROM shipmate.audit_chain) ORDER BY c.seq LIMIT $2`,
      [age, limit],
    );
    const young = oldest.findIndex(({ old }) => !old);
    const gone = young < 0 ? oldest : oldest.slice(0, young);
    const last = gone.at(-1);
    if (last === undefined) return 0;
    const { seq, hash } = last;
    await sql.run(
      `WITH links AS (DELETE FROM shipmate.audit_chain WHERE seq <= $1 RETURNING audit)
       DELETE FROM shipmate.audit a USING links WHERE a.id = links.audit`,
      [seq],
    );
    await sql.run("DELETE FROM shipmate.audit_anchor");
    await sql.run("INSERT INTO shipmate.audit_anchor (seq, hash) VALUES ($1, $2)", [seq, hash]);
    await appendAudit(sql, {
      ...{ person: "shipmate", surface: "engine", did: pruned },
      detail: { rows: gone.length, link: seq, hash },
    });
    return gone.length;
  });
}

const pruned = "pruned the audit";

/** The last link that was pruned; the start where none was. */
const anchorOf = (sql: Sql): Promise<Head> => headOf(sql, "audit_anchor");

/** Whether a row of the audit tells that it was pruned up to there. */
function isTold(sql: Sql, { count, hash }: Head): Promise<boolean> {
  const told = `EXISTS (SELECT FROM shipmate.audit
    WHERE did = $1 AND detail->>'hash' = $2 AND (detail->>'link')::bigint = $3)`;
  return holds(sql, told, [pruned, hash, count]);
}

/**
 * Checks with what this process has seen: a chain that was cut, emptied or made anew meanwhile is found.
 *
 * The first check walks everything and keeps every so manieth link in memory. From then on each walks what is new,
 * the newest `stretch` of what it knew, and one older stretch by turns, from the link that it keeps to the next one:
 * so each row comes by again and again, and the answer says which did not now.
 */
export function watchAudit(
  database: Database,
  seen: Head = start,
  { stretch = 10_000, clock = () => performance.now() }: Watching = {},
): () => Promise<Checked> {
  let known = seen;
  /** Where each stretch begins, and when it was walked last. */
  let marks: readonly Mark[] = [];
  let turn = 0;
  return async () => {
    const now = clock();
    const newest = await headOf(database);
    const anchor = await anchorOf(database);
    const wrong = await wrongBeginning(database, anchor);
    if (wrong) return no(wrong);
    // What was pruned takes its marks along; what follows is walked from the anchor on.
    const kept = marks.filter(({ head }) => head.count > anchor.count);
    const all: Mark[] = [
      { head: anchor, at: marks.findLast(({ head }) => head.count <= anchor.count)?.at ?? now },
      ...kept,
    ];
    const last = Math.max(0, all.length - 2);
    const older = last === 0 ? undefined : turn % last;
    const [from, to] = older === undefined ? [] : [all[older], all[older + 1]];
    if (from && to) {
      const end = await walk(database, from.head, to.head.count, known);
      if (typeof end === "string") return no(end);
      if (end.hash !== to.head.hash)
        return no(`The audit was written anew before row ${to.head.count}.`);
    }
    const fresh: Mark[] = [];
    const begin = all[last]?.head ?? anchor;
    const head = await walk(database, begin, newest.count, known, (link) => {
      const before = fresh.at(-1)?.head ?? begin;
      if (link.count === before.count + stretch) fresh.push({ head: link, at: now });
    });
    if (typeof head === "string") return no(head);
    const cut = await wrongEnd(database, head, known);
    if (cut) return cut;
    if (head.count > known.count) known = head;
    marks = [...all.slice(0, last + 1), ...fresh].map((mark, at) =>
      at === older || at >= last ? { ...mark, at: now } : mark,
    );
    turn += 1;
    const rows = begin.count - anchor.count - (from && to ? to.head.count - from.head.count : 0);
    const oldest = Math.min(...marks.map(({ at }) => at));
    return whole(head, anchor, rows === 0 ? undefined : { rows, ago: now - oldest });
  };
}

export interface Watching {
  /** How many links lie between two that are kept in memory. */
  readonly stretch?: number;
  readonly clock?: () => number;
}
interface Mark {
  readonly head: Head;
  readonly at: number;
}

/** Whether the chain has this link as it was, or it was pruned since. */
export async function hasHead(sql: Sql, head: Head): Promise<boolean> {
  if (head.count <= (await anchorOf(sql)).count) return true;
  const found = await first(
    sql,
    z.object({ hash: z.string() }),
    "SELECT hash FROM shipmate.audit_chain WHERE seq = $1",
    [head.count],
  );
  return found?.hash === head.hash;
}

const no = (says: string): Checked => ({ ok: false, says });
const gone = (seq: number): string => `Link ${seq} of the audit's chain was removed.`;

const anyNew = (sql: Sql): Promise<boolean> =>
  holds(sql, "EXISTS (SELECT FROM shipmate.audit_unsealed)");

async function headOf(sql: Sql, table = "audit_chain"): Promise<Head> {
  const newest = `SELECT seq, hash FROM shipmate.${table} ORDER BY seq DESC LIMIT 1`;
  const row = await first(sql, Numbered, newest);
  return row === undefined ? start : { count: row.seq, hash: row.hash };
}

const Unsealed = z.object({ audit: z.number(), row: Jsonb });

/** How many were linked: fewer than a batch means that nothing is left, or that another process seals. */
async function sealSome(sql: Sql): Promise<number> {
  if (!(await isOurTurn(sql))) return 0;
  let head = await headOf(sql);
  const rows = await sql.query(
    Unsealed,
    `WITH taken AS (
       DELETE FROM shipmate.audit_unsealed WHERE audit IN (
         SELECT audit FROM shipmate.audit_unsealed ORDER BY audit LIMIT $1)
       RETURNING audit)
     SELECT taken.audit, ${row}
     FROM taken LEFT JOIN shipmate.audit a ON a.id = taken.audit ORDER BY taken.audit`,
    [batch],
  );
  const links = rows.map(({ audit, row }) => {
    head = { count: head.count + 1, hash: linked(head.hash, row) };
    return { seq: head.count, audit, hash: head.hash };
  });
  await sql.run(
    `INSERT INTO shipmate.audit_chain (seq, audit, hash)
     SELECT seq, audit, hash FROM jsonb_to_recordset($1) AS x(seq bigint, audit bigint, hash text)`,
    [links],
  );
  return rows.length;
}

/** One process at a time works on the chain; it has its turn until the transaction ends. */
const isOurTurn = (sql: Sql): Promise<boolean> =>
  holds(sql, "pg_try_advisory_xact_lock($1::bigint)", [lock]);

async function holds(sql: Sql, what: string, values: readonly Value[] = []): Promise<boolean> {
  const row = await first(sql, Holds, `SELECT ${what} AS holds`, values);
  return row?.holds === true;
}
const Holds = z.object({ holds: z.boolean() });

function linked(before: string, row: Json): string {
  return createHash("sha256").update(before).update(canonical(row)).digest("hex");
}

const LinkedRow = Link.extend({ row: Jsonb });

/** A page of the chain, each link with its row; null where that is gone. */
function linksAfter(sql: Sql, seq: number, limit: number) {
  return sql.query(
    LinkedRow,
    `SELECT c.seq, c.audit, c.hash, ${row}
     FROM shipmate.audit_chain c LEFT JOIN shipmate.audit a ON a.id = c.audit
     WHERE c.seq > $1 ORDER BY c.seq LIMIT $2`,
    [seq, limit],
  );
}

/** A row that is neither linked nor waits for it. */
async function unlinked(sql: Sql): Promise<number | undefined> {
  const found = await first(
    sql,
    z.object({ id: z.number() }),
    `SELECT a.id FROM shipmate.audit a
     WHERE NOT EXISTS (SELECT FROM shipmate.audit_chain c WHERE c.audit = a.id)
       AND NOT EXISTS (SELECT FROM shipmate.audit_unsealed u WHERE u.audit = a.id)
     ORDER BY a.id LIMIT 1`,
  );
  return found?.id;
}
