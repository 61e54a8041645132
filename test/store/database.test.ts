import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Database, Fenced, first, json, type Sql } from "../../src/store/database.ts";
import { databases, empty, turnClock } from "../databases.ts";

const Count = z.object({ n: z.number() });
const counts = "SELECT count(*) AS n FROM shipmate.journal";
const insert = "INSERT INTO shipmate.journal (run, key, value) VALUES ($1, $2, $3)";

describe.each(databases())("a database on $kind", ({ open }) => {
  let database: Database;
  const count = async () => (await first(database, Count, counts))?.n;

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(() => empty(database));
  afterAll(() => database.close());

  test.each<[string, unknown, string]>([
    ["text", "Zürich 日本 😀 'quoted' \\ $1", "text"],
    ["an empty text", "", "text"],
    ["a number beyond 32 bits", 9_007_199_254_740_991, "bigint"],
    ["a negative number", -1, "integer"],
    ["a fraction", 0.1, "float8"],
    ["true", true, "boolean"],
    ["false", false, "boolean"],
    ["nothing", null, "text"],
    ["an array in an array", [1, [2, { a: ["x"] }], null, "y"], "jsonb"],
    ["an empty array", [], "jsonb"],
    ["an object", { a: { b: [true, 1.5, "ü"] } }, "jsonb"],
    ["bytes", new Uint8Array([0, 1, 127, 128, 255]), "bytea"],
  ])("gives %s back as it was", async (_name, value, type) => {
    const Row = z.object({ it: z.unknown() });
    const it = await first(database, Row, `SELECT $1::${type} AS it`, [value as object]);
    expect(it?.it).toEqual(value);
  });

  test("takes any value as jsonb when it is wrapped", async () => {
    for (const [key, value] of Object.entries({ a: "it", b: null, c: 5, d: false, e: ["x"] })) {
      await database.run(insert, ["r", key, json(value)]);
      const Row = z.object({ value: z.unknown() });
      const row = await first(database, Row, "SELECT value FROM shipmate.journal WHERE key = $1", [
        key,
      ]);
      expect(row?.value).toEqual(value);
    }
  });

  test("keeps text that PostgreSQL cannot hold, with a sign in the place of what is missing", async () => {
    const Row = z.object({ text: z.string(), data: z.unknown() });
    const row = await first(database, Row, "SELECT $1::text AS text, $2::jsonb AS data", [
      "a\0b\uD800c",
      { "k\0": ["a\0b\uDC00c", "\\u0000 stays", "😀"] },
    ]);
    expect(row).toEqual({
      text: "a�b�c",
      data: { "k�": ["a�b�c", "\\u0000 stays", "😀"] },
    });
  });

  test("finds rows that are one of a list", async () => {
    for (const key of ["a", "b", "c"]) await database.run(insert, ["r", key, {}]);
    const found = await database.query(
      z.object({ key: z.string() }),
      `SELECT key FROM shipmate.journal
       WHERE key IN (SELECT jsonb_array_elements_text($1)) ORDER BY key`,
      [["a", "c", "x"]],
    );
    expect(found).toEqual([{ key: "a" }, { key: "c" }]);
  });

  test("tells how many rows a statement touched", async () => {
    for (const key of ["a", "b", "c"]) await database.run(insert, ["r", key, {}]);
    expect(await database.run("UPDATE shipmate.journal SET at = 1 WHERE key <> $1", ["a"])).toBe(2);
    expect(await database.run("DELETE FROM shipmate.journal WHERE run = $1", ["other"])).toBe(0);
  });

  test("refuses a row that is not what the schema says", async () => {
    await expect(database.query(Count, "SELECT 'x' AS n")).rejects.toThrow(
      "reading what this gave: SELECT 'x' AS n",
    );
  });

  test("hands on the server's error with its code, and works on", async () => {
    await database.run(insert, ["r", "a", {}]);
    for (let time = 0; time < 3; time += 1)
      await expect(database.run(insert, ["r", "a", {}])).rejects.toMatchObject({ code: "23505" });
    await expect(database.run("SELEC")).rejects.toMatchObject({ code: "42601" });
    await expect(database.run("SELECT 1/$1::int", [0])).rejects.toMatchObject({ code: "22012" });
    expect(await count()).toBe(1);
  });

  test("repeats a statement after the schema changed, and after that was taken back", async () => {
    const Row = z.object({ n: z.number(), m: z.number().optional() });
    const all = () => database.query(Row, "SELECT * FROM shipmate_more WHERE n >= $1", [1]);
    await database.run(
      "CREATE TABLE shipmate_more (n bigint); INSERT INTO shipmate_more VALUES (1)",
    );
    for (let time = 0; time < 3; time += 1) expect(await all()).toEqual([{ n: 1 }]);
    const undone = database.transaction(async (sql) => {
      await sql.run("ALTER TABLE shipmate_more ADD m bigint DEFAULT 2");
      for (let time = 0; time < 3; time += 1)
        expect(await sql.query(Row, "SELECT * FROM shipmate_more WHERE n = $1", [1])).toEqual([
          { n: 1, m: 2 },
        ]);
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    for (let time = 0; time < 3; time += 1) expect(await all()).toEqual([{ n: 1 }]);
    await database.run("ALTER TABLE shipmate_more ADD m bigint DEFAULT 3");
    expect(await all()).toEqual([{ n: 1, m: 3 }]);
    await database.run("DROP TABLE shipmate_more");
  });

  test("keeps nothing of a transaction whose body threw", async () => {
    const failing = database.transaction(async (sql) => {
      await sql.run(insert, ["r", "a", {}]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await count()).toBe(0);
  });

  test("gives what a transaction's body gave, and keeps all of it", async () => {
    const gave = await database.transaction(async (sql) => {
      await sql.run(insert, ["r", "a", {}]);
      await sql.run(insert, ["r", "b", {}]);
      return first(sql, Count, counts);
    });
    expect(gave).toEqual({ n: 2 });
    expect(await count()).toBe(2);
  });

  test("throws where a body went on after a statement that threw, since nothing was kept", async () => {
    const swallowing = database.transaction(async (sql) => {
      await sql.run(insert, ["r", "a", {}]);
      await sql.run("SELECT 1/0").catch(() => undefined);
    });
    await expect(swallowing).rejects.toThrow("the transaction was rolled back");
    expect(await count()).toBe(0);
  });

  test("rolls back a transaction that waits for something else, and is free for others then", async () => {
    let late: unknown;
    const forgotten = database.transaction(async (sql) => {
      await sql.run(insert, ["r", "a", {}]);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      late = await sql.run(insert, ["r", "b", {}]).catch((error: unknown) => error);
    });
    await expect(forgotten).rejects.toThrow("waited for something else than its statements");
    expect(await count()).toBe(0);
    await expect.poll(() => late).toMatchObject({ message: "the transaction is over" });
    expect(await count()).toBe(0);
  });

  test("rolls back a transaction that leaves a statement behind", async () => {
    const hasty = database.transaction(async (sql) => {
      void sql.run(insert, ["r", "a", {}]).catch(() => undefined);
      return "done";
    });
    await expect(hasty).rejects.toThrow("ended before its last statement did");
    expect(await count()).toBe(0);
  });

  test("lets statements of one transaction be asked for side by side", async () => {
    await database.transaction((sql) =>
      Promise.all(["a", "b", "c"].map((key) => sql.run(insert, ["r", key, {}]))),
    );
    expect(await count()).toBe(3);
  });

  describe("a transaction that says what is its last", () => {
    const put = (sql: Sql, key: string) => sql.run(insert, ["r", key, {}]);
    const fail = (sql: Sql) => sql.run("SELECT 1 / $1::integer", [0]);

    test("keeps what it asks for in that turn, whether that is all of it or not", async () => {
      const gave = await database.transaction(async (sql, last) => {
        last();
        return Promise.all([put(sql, "a"), first(sql, Count, `${counts} WHERE run = $1`, ["r"])]);
      });
      expect(gave).toEqual([1, { n: 1 }]);
      await database.transaction(async (sql, last) => {
        await put(sql, "b");
        last();
        await Promise.all([put(sql, "c"), put(sql, "d")]);
      });
      expect(await count()).toBe(4);
    });

    test("keeps nothing where one of them throws, and leaves nothing behind for whoever comes next", async () => {
      for (const before of [false, true]) {
        const failing = database.transaction(async (sql, last) => {
          if (before) await put(sql, "a");
          last();
          // What stands behind the one that throws is not even prepared, and is asked for again below.
          const never = sql.run(`${insert} -- behind ${before}`, ["r", "c", {}]);
          await Promise.all([put(sql, "b"), fail(sql), never]);
        });
        await expect(failing).rejects.toThrow("division by zero");
        expect(await count()).toBe(0);
      }
      for (const before of [false, true])
        await database.run(`${insert} -- behind ${before}`, ["r", String(before), {}]);
      expect(await count()).toBe(2);
    });

    test("keeps nothing where the body throws before it went out", async () => {
      const failing = database.transaction(async (sql, last) => {
        last();
        void put(sql, "a").catch(() => undefined);
        await Promise.resolve();
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      const unsayable = database.transaction(async (sql, last) => {
        last();
        await Promise.all([put(sql, "a"), sql.run(insert, ["r", "b", { n: 1n }])]);
      });
      await expect(unsayable).rejects.toThrow("BigInt");
      expect(await count()).toBe(0);
    });

    test("throws where it asks for more later", async () => {
      const asking = database.transaction(async (sql, last) => {
        last();
        await put(sql, "a");
        await put(sql, "b");
      });
      await expect(asking).rejects.toThrow("the transaction is over");
      expect(await count()).toBe(1);
    });

    test("is undone as a whole by shipmate.keep_back, which is heard as Fenced", async () => {
      const fenced = database.transaction(async (sql, last) => {
        last();
        const back = sql.run("SELECT shipmate.keep_back($1, $2, $3)", ["r", 1, 2]);
        await Promise.all([put(sql, "a"), back, put(sql, "b")]);
      });
      await expect(fenced).rejects.toThrow(Fenced);
      await expect(fenced).rejects.toThrow(
        "of run r was kept back: claim 1 is not the current one",
      );
      expect(await count()).toBe(0);
    });
  });

  test("lets exactly one of 200 parallel inserts of the same key through", async () => {
    const rows = await Promise.all(
      Array.from({ length: 200 }, () =>
        database.run(`${insert} ON CONFLICT DO NOTHING`, ["r", "a", {}]),
      ),
    );
    expect(rows.reduce((sum, n) => sum + n)).toBe(1);
  });

  test("loses no update of parallel transactions that lock their row", async () => {
    await database.run(insert, ["r", "a", json(0)]);
    const add = () =>
      database.transaction(async (sql) => {
        const row = await first(
          sql,
          z.object({ value: z.number() }),
          "SELECT value FROM shipmate.journal WHERE key = $1 FOR UPDATE",
          ["a"],
        );
        await sql.run("UPDATE shipmate.journal SET value = $1", [json((row?.value ?? 0) + 1)]);
      });
    await Promise.all(Array.from({ length: 50 }, add));
    const Row = z.object({ value: z.number() });
    expect(await first(database, Row, "SELECT value FROM shipmate.journal")).toEqual({ value: 50 });
  });

  test("lets the event loop turn while it is busy", async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    for (let n = 0; n < 100; n += 1) await database.run(insert, ["r", `k${n}`, {}]);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  test("has a clock that only the test moves, and forgets no schema when it is emptied", async () => {
    const clock = await turnClock(database, 1_000);
    await clock.advance(500);
    await database.run(insert, ["r", "a", {}]);
    const Row = z.object({ at: z.number() });
    const at = "SELECT at FROM shipmate.journal";
    expect(await first(database, Row, at)).toEqual({ at: 1_500 });
    await clock.set(7);
    await empty(database);
    await database.run(insert, ["r", "a", {}]);
    expect(await first(database, Row, at)).toEqual({ at: 7 });
    expect(await clock.now()).toBe(7);
  });

  test("throws at every call after it was closed, and may be closed twice", async () => {
    const other = await open();
    const before = other.run("SELECT 1");
    await Promise.all([other.close(), before]);
    await expect(other.run("SELECT 1")).rejects.toThrow("the database is closed");
    await expect(other.query(Count, "SELECT 1 AS n")).rejects.toThrow("the database is closed");
    await expect(other.transaction(async () => 1)).rejects.toThrow("the database is closed");
    await other.close();
  });
});
