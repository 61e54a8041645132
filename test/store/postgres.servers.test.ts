import { createConnection, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { appendAudit, sealAudit } from "../../src/store/audit.ts";
import { type Database, first, LostConnection } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations.ts";
import { openPostgres, type PostgresOptions } from "../../src/store/postgres.ts";
import { postgres } from "../servers.ts";

let url: string;
let open: Database[];

beforeEach(async (context) => {
  open = [];
  url = await postgres(context);
});
afterEach(async () => {
  for (const database of open) await database.close();
});

async function connect(options: PostgresOptions = {}, to = url): Promise<Database> {
  const database = await openPostgres(to, options);
  open.push(database);
  return database;
}
const terminate = (database: Database) =>
  database.run(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
const count = async (database: Database) =>
  (await first(database, z.object({ n: z.number() }), "SELECT count(*) AS n FROM t"))?.n;

test("a statement that takes too long is ended by the server, was not done, and others go on", async () => {
  const database = await connect({ timeout: 1_000 });
  await (await connect()).run("CREATE TABLE t (n bigint)");
  const slow = database.query(z.unknown(), "INSERT INTO t SELECT 1 FROM pg_sleep(50)");
  await expect(slow).rejects.toMatchObject({ code: "57014" });
  expect(await count(database)).toBe(0);
});

test("a connection lost under a statement throws LostConnection, once, and nothing is tried again", async () => {
  const database = await connect({ max: 1 });
  const other = await connect();
  await database.run("CREATE TABLE t (n bigint)");
  const under = database.run("INSERT INTO t SELECT 1 FROM pg_sleep(50)");
  const seen = expect(under).rejects.toBeInstanceOf(LostConnection);
  await expect
    .poll(() =>
      other.run(
        "SELECT FROM pg_stat_activity WHERE query LIKE 'INSERT INTO t%' AND state = 'active'",
      ),
    )
    .toBe(1);
  await terminate(other);
  await seen;
  expect(await count(database)).toBe(0);
});

test("a connection lost in a transaction throws LostConnection, and the next one works", async () => {
  const database = await connect({ max: 1 });
  const other = await connect();
  await database.run("CREATE TABLE t (n bigint)");
  const under = database.transaction(async (sql) => {
    await sql.run("INSERT INTO t VALUES (1)");
    await terminate(other);
    await sql.run("INSERT INTO t VALUES (2)");
  });
  await expect(under).rejects.toBeInstanceOf(LostConnection);
  expect(await count(database)).toBe(0);
});

test("a connection lost while nobody used it is told, and the next statement opens another", async () => {
  const lost: Error[] = [];
  const database = await connect({ lost: (error) => lost.push(error) });
  const other = await connect();
  await terminate(other);
  await expect.poll(() => lost.length).toBe(1);
  expect(await database.run("SELECT 1")).toBe(1);
});

test("a server that falls silent throws LostConnection instead of holding a caller forever", async () => {
  const silent = await proxy(url);
  const database = await connect({ timeout: 1_000, max: 1 }, silent.url);
  silent.hush();
  await expect(database.run("SELECT 1")).rejects.toBeInstanceOf(LostConnection);
  silent.close();
});

test("a wrong address throws at once, without the password in its words", async () => {
  const wrong = new URL(url);
  wrong.port = "1";
  wrong.password = "opensesame";
  const error = await openPostgres(wrong.href).catch((error: unknown) => error);
  expect(error).toMatchObject({ message: "connecting to the database" });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("opensesame");
});

test("five processes' pools that start at once migrate an empty database once", async () => {
  const pools = await Promise.all(Array.from({ length: 5 }, () => connect({ max: 2 })));
  const versions = await Promise.all(pools.map((database) => migrate(database)));
  expect(new Set(versions)).toEqual(new Set([migrations.length]));
});

test("the audit is sealed by one process at a time", async () => {
  const database = await connect();
  const other = await connect();
  await migrate(database);
  await appendAudit(database, { person: "ana", surface: "slack", did: "approved" });
  await other.transaction(async (sql) => {
    await sql.run("SELECT pg_advisory_xact_lock($1::bigint)", [0x7365616c]);
    expect(await sealAudit(database)).toMatchObject({ count: 0 });
  });
  expect(await sealAudit(database)).toMatchObject({ count: 1 });
});

/** Hands bytes to and fro until it is told to hush. */
async function proxy(to: string) {
  const target = new URL(to);
  const sockets: Socket[] = [];
  let hushed = false;
  const server: Server = createServer((socket) => {
    const onward = createConnection(Number(target.port || 5432), target.hostname);
    sockets.push(socket, onward);
    socket.on("data", (data) => hushed || onward.write(data)).on("error", () => onward.destroy());
    onward.on("data", (data) => hushed || socket.write(data)).on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const here = new URL(to);
  here.hostname = "127.0.0.1";
  here.port = String(typeof address === "object" ? address?.port : "");
  return {
    url: here.href,
    hush() {
      hushed = true;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("what a statement gave the first time it gives each time, on each connection and after its table was changed", async () => {
  const database = await connect({ max: 2 });
  await database.run("CREATE TABLE t (n bigint, says text, more jsonb, good boolean)");
  await database.run(
    "INSERT INTO t VALUES (1, NULL, '{\"a\": [null]}', true), (2, 'two', NULL, NULL)",
  );
  const Row = z.unknown();
  const read = (least: number) =>
    database.query(Row, "SELECT * FROM t WHERE n >= $1 ORDER BY n", [least]);
  const both = [
    { n: 1, says: null, more: { a: [null] }, good: true },
    { n: 2, says: "two", more: null, good: null },
  ];
  for (const least of [1, 2, 3, 1]) {
    const [one, other] = await Promise.all([read(least), read(least)]);
    expect(one).toEqual(both.slice(least - 1));
    expect(other).toEqual(one);
  }
  const change = (n: number) => database.run("UPDATE t SET says = 'more' WHERE n = $1", [n]);
  expect([await change(1), await change(1), await change(9)]).toEqual([1, 1, 0]);
  await database.run("ALTER TABLE t DROP COLUMN more, ADD COLUMN new bigint DEFAULT 7");
  const changed = [
    { n: 1, says: "more", good: true, new: 7 },
    { n: 2, says: "two", good: null, new: 7 },
  ];
  for (const least of [1, 2, 1]) expect(await read(least)).toEqual(changed.slice(least - 1));
});
