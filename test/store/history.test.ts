/** What pruning takes, and what it must leave. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  appendAudit,
  checkAudit,
  pruneAudit,
  sealAudit,
  watchAudit,
} from "../../src/store/audit.ts";
import { type Database, first } from "../../src/store/database.ts";
import { prune } from "../../src/store/history.ts";
import { type Clock, databases, empty, turnClock } from "../databases.ts";

const day = 86_400_000;

describe.each(databases())("history on $kind", ({ open }) => {
  let database: Database;
  let clock: Clock;
  beforeAll(async () => {
    database = await open();
    clock = await turnClock(database);
  });
  beforeEach(async () => {
    await empty(database);
    await clock.set(Date.UTC(2026, 0, 1));
  });
  afterAll(() => database.close());

  const tables = [
    "runs",
    "journal",
    "run_targets",
    "plans",
    "votes",
    "messages",
    "buttons",
    "inbox",
    "presses",
  ];
  const counts = async (): Promise<{ readonly [table: string]: number }> => {
    const Row = z.record(z.string(), z.number());
    const each = tables.map((table) => `'${table}', (SELECT count(*) FROM shipmate.${table})`);
    const text = `SELECT jsonb_build_object(${each.join(", ")}) AS all`;
    return (await first(database, z.object({ all: Row }), text))?.all ?? {};
  };
  /** A run with one row in each table; it began now. */
  const run = (id: string, more: { readonly ended?: boolean; readonly parent?: string } = {}) =>
    database.run(`
      INSERT INTO shipmate.runs (id, workflow, workflow_hash, input, title, by_person, state, parent, ended_at)
        VALUES ('${id}', 'w', 'h', '{}', 'W', 'ada', 'succeeded', ${more.parent ? `'${more.parent}'` : "NULL"},
          ${more.ended === false ? "NULL" : "shipmate.now()"});
      INSERT INTO shipmate.journal (run, key, value) VALUES ('${id}', 'a/saw', '1');
      INSERT INTO shipmate.run_targets (run, target) VALUES ('${id}', 'staging/web');
      INSERT INTO shipmate.plans (run, step, digest, body, state) VALUES ('${id}', 's', 'd', '{}', 'approved');
      INSERT INTO shipmate.votes (run, step, digest, person, vote, surface) VALUES ('${id}', 's', 'd', 'g', 'yes', 'c');
      INSERT INTO shipmate.presses (run, wait, button, person) VALUES ('${id}', 'w', 'go', '{}');
      INSERT INTO shipmate.messages (id, surface, channel, kind, run) VALUES ('m-${id}', 'c', 'g', 'root', '${id}');
      INSERT INTO shipmate.buttons (id, message, surface, channel, command, args)
        VALUES ('b-${id}', 'm-${id}', 'c', 'g', 'logs', '{}');
      INSERT INTO shipmate.inbox (surface, key, intent, done_at) VALUES ('c', '${id}', '{}', shipmate.now())`);
  const all = (n: number) => Object.fromEntries(tables.map((table) => [table, n]));

  test("takes a finished run with all that belongs to it, and leaves younger ones whole", async () => {
    await run("old");
    await clock.advance(31 * day);
    await run("young");
    expect(await prune(database, 30)).toBe(1);
    expect(await counts()).toEqual(all(1));
  });

  test("keeps history for ever unless it is told, but not what was only said and pressed", async () => {
    await run("old");
    await clock.advance(3_000 * day);
    expect(await prune(database, undefined)).toBe(0);
    expect(await counts()).toEqual({ ...all(1), inbox: 0, presses: 0 });
  });

  test("never takes what is in flight, nor a child that its parent may still ask for", async () => {
    await run("open", { ended: false });
    await run("child", { parent: "open" });
    await database.run("UPDATE shipmate.inbox SET done_at = NULL");
    await clock.advance(400 * day);
    expect(await prune(database, 30)).toBe(0);
    expect(await counts()).toEqual({ ...all(2), presses: 1 });
    await database.run("UPDATE shipmate.runs SET ended_at = shipmate.now() WHERE id = 'open'");
    await clock.advance(31 * day);
    expect(await prune(database, 30)).toBe(2);
    expect(await counts()).toEqual({ ...all(0), inbox: 2 });
  });

  test("takes what was said and answered without a run", async () => {
    const said = (id: string) =>
      database.run(
        "INSERT INTO shipmate.messages (id, surface, channel, kind) VALUES ($1, 'c', 'g', 'said')",
        [id],
      );
    await said("old");
    await clock.advance(31 * day);
    await said("young");
    await prune(database, 30);
    const rows = await database.query(
      z.object({ id: z.string() }),
      "SELECT id FROM shipmate.messages",
    );
    expect(rows).toEqual([{ id: "young" }]);
  });

  test("takes everything in batches, whoever else prunes at the same time", async () => {
    for (let n = 0; n < 25; n += 1) await run(`old-${n}`);
    await clock.advance(31 * day);
    const went = await Promise.all([1, 2, 3].map(() => prune(database, 30, 4)));
    await prune(database, 30, 4);
    expect(went.reduce((sum, n) => sum + n, 0)).toBe(25);
    expect(await counts()).toEqual(all(0));
  });

  describe("of the audit", () => {
    const append = (did: string, about?: string) =>
      appendAudit(database, { person: "ada", surface: "c", did, run: about });
    const old = async (n: number) => {
      for (let i = 0; i < n; i += 1) await append(`did ${i}`);
      await sealAudit(database);
      await clock.advance(31 * day);
    };
    const rows = async () =>
      (
        await database.query(
          z.object({ did: z.string() }),
          "SELECT did FROM shipmate.audit ORDER BY id",
        )
      ).map(({ did }) => did);

    test("leaves a chain that holds, from its anchor to a head that goes on", async () => {
      await old(5);
      const known = watchAudit(database);
      expect(await known()).toMatchObject({ ok: true, head: { count: 5 } });
      expect(await pruneAudit(database, 30 * day)).toBe(4);
      expect(await rows()).toEqual(["did 4", "pruned the audit"]);
      await append("more");
      await sealAudit(database);
      expect(await known()).toMatchObject({ ok: true, head: { count: 7 }, pruned: 4 });
      expect(await pruneAudit(database, 30 * day)).toBe(1);
      expect(await known()).toMatchObject({ ok: true, pruned: 5 });
    });

    test("stops at the first row that is young or whose run is under way", async () => {
      await run("open", { ended: false });
      await append("before");
      await append("began", "open");
      await old(3);
      await clock.advance(300 * day);
      expect(await pruneAudit(database, 30 * day)).toBe(1);
      expect((await rows()).slice(0, 2)).toEqual(["began", "did 0"]);
      expect(await pruneAudit(database, 30 * day)).toBe(0);
    });

    test("still finds what somebody altered or removed after it", async () => {
      await old(5);
      await pruneAudit(database, 30 * day, 2);
      await sealAudit(database);
      await database.run("UPDATE shipmate.audit SET person = 'eve' WHERE did = 'did 3'");
      expect(await checkAudit(database)).toMatchObject({ ok: false });
      await database.run("UPDATE shipmate.audit SET person = 'ada' WHERE did = 'did 3'");
      expect(await checkAudit(database)).toMatchObject({ ok: true });
      await database.run("DELETE FROM shipmate.audit_chain WHERE seq = 3");
      expect(await checkAudit(database)).toMatchObject({ ok: false });
    });

    test("a beginning that was cut off by hand is no pruning", async () => {
      await old(5);
      await database.run(`
        INSERT INTO shipmate.audit_anchor (seq, hash) SELECT seq, hash FROM shipmate.audit_chain WHERE seq = 2;
        DELETE FROM shipmate.audit WHERE id IN (SELECT audit FROM shipmate.audit_chain WHERE seq <= 2);
        DELETE FROM shipmate.audit_chain WHERE seq <= 2`);
      expect(await checkAudit(database)).toEqual({
        ok: false,
        says: "The audit's beginning was removed, and no row of it tells of that.",
      });
    });
  });
});
