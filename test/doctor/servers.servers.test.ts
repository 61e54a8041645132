/** The doctor's sentences about PostgreSQL, Redis and a folder's database, and the command as people start it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { lookAtDatabase } from "../../src/doctor/database.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { lookAtRedis } from "../../src/doctor/redis.ts";
import { appendAudit, sealAudit } from "../../src/store/audit.ts";
import { holdFolder } from "../../src/store/folder.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPglite } from "../../src/store/pglite.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { postgres, redis } from "../servers.ts";

const says = (findings: readonly Finding[]) => findings.map((one) => `${one.is}: ${one.says}`);
const database = async (url: string) =>
  says(await lookAtDatabase(readConfig({ DATABASE_URL: url })));

test("a PostgreSQL that is as it should be", async (context) => {
  const url = await postgres(context);
  expect(await database(url)).toEqual([
    expect.stringMatching(/^good: PostgreSQL \d+ answers\.$/),
    "good: Its clock agrees with this machine's.",
    "note: It holds no tables yet: the first start makes them.",
  ]);
  const open = await openPostgres(url);
  await migrate(open);
  await open.close();
  expect((await database(url)).slice(2)).toEqual([
    expect.stringMatching(/^good: Its schema has version \d+, as it should\.$/),
    "good: All 0 rows are as they were written.",
  ]);
});

test("a database that is not there, and a user who may not make tables", async (context) => {
  const url = new URL(await postgres(context));
  const name = url.pathname.slice(1);
  const admin = await openPostgres(url.href, { max: 1 });
  const user = `${name}_user`;
  await admin.run(`CREATE ROLE ${user} LOGIN`);
  onTestFinished(async () => {
    await admin.run(`DROP ROLE ${user}`);
    await admin.close();
  });
  url.username = user;
  expect(await database(url.href)).toContain(
    "wrong: Shipmate may not make its tables: GRANT CREATE ON DATABASE to its user, or have somebody who may start it once.",
  );
  url.pathname = "/nobody_made_this";
  expect(await database(url.href)).toEqual([
    `wrong: PostgreSQL at ${url.host} has no database nobody_made_this: create it, or correct DATABASE_URL.`,
  ]);
  url.username = "nobody_knows_me";
  expect(await database(url.href)).toEqual([
    `wrong: PostgreSQL at ${url.host} does not let nobody_knows_me in: correct user and password in DATABASE_URL.`,
  ]);
});

test("what listens there and is no PostgreSQL is said", async () => {
  const server = createServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  expect((await database(`postgres://u@127.0.0.1:${port}/x`))[0]).toMatch(
    /^wrong: PostgreSQL at 127\.0\.0\.1:\d+ does not answer \(.+\): start it, let this machine reach it, or correct DATABASE_URL\.$/,
  );
});

test("a Redis that is as it should be, and one that does not let us in", async (context) => {
  const { url } = await redis(context);
  const config = readConfig({ DATABASE_URL: "postgres://u@127.0.0.1:1/x", REDIS_URL: url });
  expect(says(await lookAtRedis(config))).toEqual([
    expect.stringMatching(/^good: Redis [\d.]+ answers\.$/),
  ]);
  const locked = new URL(url);
  locked.password = "wrong";
  locked.username = "nobody";
  const other = readConfig({ DATABASE_URL: "postgres://u@127.0.0.1:1/x", REDIS_URL: locked.href });
  expect(says(await lookAtRedis(other))).toEqual([
    `wrong: Redis at ${locked.host} does not let us in: correct user and password in REDIS_URL.`,
  ]);
});

test("a folder's database is opened only where nobody uses it, and its schema and audit are looked at", async () => {
  const home = await mkdtemp(join(tmpdir(), "shipmate-doctor-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const config = readConfig({ SHIPMATE_HOME: home });
  const open = async () => openPglite({ folder: join(home, "database") });
  const empty = await open();
  await empty.close();
  expect(says(await lookAtDatabase(config))).toEqual([
    `good: The database in ${join(home, "database")} answers.`,
    "note: It holds no tables yet: the first start makes them.",
  ]);
  const database = await open();
  await migrate(database);
  await appendAudit(database, { person: "ada", surface: "chat", did: "asked" });
  await sealAudit(database);
  await database.close();
  expect(says(await lookAtDatabase(config)).slice(1)).toEqual([
    expect.stringMatching(/^good: Its schema has version \d+, as it should\.$/),
    "good: All 1 rows are as they were written.",
  ]);
  const altering = await open();
  await altering.run("UPDATE shipmate.audit SET person = 'grace'");
  await altering.run("DELETE FROM shipmate.migrations WHERE version > 1");
  await altering.close();
  expect(says(await lookAtDatabase(config)).slice(1)).toEqual([
    expect.stringMatching(/^note: Its schema has version 1: the next start brings it to \d+\.$/),
    "wrong: Audit row 1 was altered after it was written. Find out who could write to the database, and compare it with a backup.",
  ]);
  const newer = await open();
  await newer.run("INSERT INTO shipmate.migrations (version) VALUES (900)");
  await newer.close();
  expect(says(await lookAtDatabase(config))[1]).toMatch(
    /^note: Its schema has version 900 and this Shipmate knows \d+: a newer one was started on it, beside which this one can run\.$/,
  );
  const other = await open();
  await other.run("UPDATE shipmate.migrations SET needs = 900 WHERE version = 900");
  await other.close();
  expect(says(await lookAtDatabase(config))[1]).toMatch(
    /^wrong: Its schema has version 900 and this Shipmate knows \d+: start the newer Shipmate, or restore the older database\.$/,
  );
  const held = await holdFolder(home);
  expect(says(await lookAtDatabase(config))).toEqual([
    `note: It was not opened, since a Shipmate that runs uses ${home}: stop that one first to have schema and audit looked at.`,
  ]);
  await held.release();
  await rm(join(home, "database", "global"), { recursive: true });
  await appendFile(join(home, "database", "PG_VERSION"), "x");
  expect(says(await lookAtDatabase(config))[0]).toMatch(
    /^wrong: The database in .* can't be opened \(.+\): restore it from a backup, or move it away to begin anew\.$/,
  );
});

async function doctor(settings: { readonly [name: string]: string }) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/doctor.ts")], {
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"], ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const parts = await Array.fromAsync(child.stdout);
  const text = Buffer.concat(parts as Buffer[]).toString();
  const code = child.exitCode ?? (await once(child, "close"))[0];
  return { code, text };
}

test("npm run doctor ends with 0 where nothing is wrong and with 1 where something is", async () => {
  const place = await mkdtemp(join(tmpdir(), "shipmate-doctor-"));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  const home = join(place, "none");
  const good = await doctor({ SHIPMATE_HOME: home });
  expect(good.code).toBe(0);
  expect(good.text).toMatch(/\nNothing is wrong\.\n$/);
  const bad = await doctor({ SHIPMATE_HOME: home, PORT: "many" });
  expect(bad.code).toBe(1);
  expect(bad.text).toContain("PORT must be a number");
});
