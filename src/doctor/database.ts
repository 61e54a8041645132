/** Looks at the database: does it answer, does it keep what it is given, is its schema ours, is the audit whole? */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../config.ts";
import { Refusal } from "../core/refusal.ts";
import { faultText } from "../engine/faults.ts";
import { checkAudit, heldText } from "../store/audit.ts";
import { type Database, first, Unavailable } from "../store/database.ts";
import { holdFolder } from "../store/folder.ts";
import { schemaVersion, standing } from "../store/migrate.ts";
import { migrations } from "../store/migrations.ts";
import { openPglite } from "../store/pglite.ts";
import { openPostgres } from "../store/postgres.ts";
import { leastRoom, roomAbove } from "../store/room.ts";
import { unreachable } from "../store/unreachable.ts";
import { about, type Finding } from "./finding.ts";

const { good, note, wrong } = about("Database");
const audit = about("Audit");

/** The oldest PostgreSQL that its makers still mend, and how far two clocks may be apart, in milliseconds. */
const oldest = 15;
const apart = 2_000;

export function lookAtDatabase(config: Config): Promise<readonly Finding[]> {
  const url = config.mode === "local" ? undefined : config.database;
  return url === undefined ? lookAtFolder(config.home) : lookAtServer(url);
}

async function lookAtServer(url: string): Promise<readonly Finding[]> {
  let database: Database;
  try {
    database = await openPostgres(url, { max: 1, timeout: 20_000 });
  } catch (error) {
    return [wrong(unreachable(new URL(url), error))];
  }
  try {
    return [...(await server(database)), ...(await inside(database))];
  } finally {
    await database.close();
  }
}

async function lookAtFolder(home: string): Promise<readonly Finding[]> {
  const folder = join(home, "database");
  if (!existsSync(folder)) return [note(`There is none in ${home} yet: the first start makes it.`)];
  const room = await roomAbove(folder);
  if (room < leastRoom) return [wrong(fullFolder(home, room))];
  const held = await holdFolder(home).catch((error: unknown) => {
    if (error instanceof Refusal) return undefined;
    throw error;
  });
  if (held === undefined)
    return [
      note(
        `It was not opened, since a Shipmate that runs uses ${home}: stop that one first to have schema and audit looked at.`,
      ),
    ];
  try {
    const database = await openPglite({ folder }).catch((error: unknown) => faultText(error));
    if (typeof database === "string")
      return [
        wrong(
          `The database in ${folder} can't be opened (${database}): restore it from a backup, or move it away to begin anew.`,
        ),
      ];
    try {
      return [good(`The database in ${folder} answers.`), ...(await inside(database))];
    } finally {
      await database.close();
    }
  } finally {
    await held.release();
  }
}

const Server = z.object({
  version: z.number(),
  standby: z.boolean(),
  fsync: z.string(),
  creates: z.boolean(),
  now: z.number(),
});

/** `left`: bytes. */
export function fullFolder(home: string, left: number): string {
  const [has, needs] = [left, leastRoom].map((bytes) => Math.floor(bytes / 1024 / 1024));
  return `The disk of ${home} has ${has} MB left, and below ${needs} MB nothing is written: make room there.`;
}

/** What only a server of its own can have wrong. */
async function server(database: Database): Promise<readonly Finding[]> {
  const before = Date.now();
  const row = await first(
    database,
    Server,
    `SELECT current_setting('server_version_num')::int / 10000 AS version, pg_is_in_recovery() AS standby,
       current_setting('fsync') AS fsync, has_database_privilege(current_database(), 'CREATE') AS creates,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`,
  );
  if (row === undefined) throw new Error("asking PostgreSQL about itself");
  const off = row.now < before ? row.now - before : Math.max(0, row.now - Date.now());
  const version = await schemaVersion(database);
  const full = !(await takesMore(database));
  return judged({ ...row, off, full, migrates: version < migrations.length });
}

/** Whether a megabyte finds room; nothing of it stays. */
async function takesMore(database: Database): Promise<boolean> {
  try {
    await database.run(
      `CREATE TEMP TABLE shipmate_room AS
         SELECT repeat(md5(n::text), 30) FROM generate_series(1, 1000) n; DROP TABLE shipmate_room`,
    );
    return true;
  } catch (error) {
    if (error instanceof Unavailable) return false;
    throw error;
  }
}

interface Judged extends Omit<z.output<typeof Server>, "now"> {
  /** Milliseconds that its clock is ahead. */
  readonly off: number;
  /** Whether it has no room for a megabyte more. */
  readonly full: boolean;
  readonly migrates: boolean;
}

/** What a server of its own says about itself. */
export function judged(row: Judged): readonly Finding[] {
  const { version, standby, fsync, creates, migrates, off, full } = row;
  const seconds = Math.round(Math.abs(off) / 1_000);
  return [
    version < oldest
      ? wrong(`PostgreSQL ${version} is too old: use ${oldest} or a later one.`)
      : good(`PostgreSQL ${version} answers.`),
    ...(standby
      ? [wrong("It is a standby, where nothing can be written: put the primary into DATABASE_URL.")]
      : []),
    ...(fsync === "off"
      ? [wrong("It runs with fsync off, so a power cut loses what was done: switch fsync on.")]
      : []),
    ...(migrates && !creates
      ? [
          wrong(
            "Shipmate may not make its tables: GRANT CREATE ON DATABASE to its user, or have somebody who may start it once.",
          ),
        ]
      : []),
    Math.abs(off) > apart
      ? wrong(
          `Its clock is ${seconds} s ${off < 0 ? "behind" : "ahead of"} this machine's: let both set theirs by NTP.`,
        )
      : good("Its clock agrees with this machine's."),
    ...(full ? [wrong("Its disk is full, so nothing can be written: make room there.")] : []),
  ];
}

async function inside(database: Database): Promise<readonly Finding[]> {
  const { version, needs } = await standing(database);
  const known = migrations.length;
  if (needs > known)
    return [
      wrong(
        `Its schema has version ${version} and this Shipmate knows ${known}: start the newer Shipmate, or restore the older database.`,
      ),
    ];
  if (version === 0) return [note("It holds no tables yet: the first start makes them.")];
  const schema =
    version === known
      ? good(`Its schema has version ${version}, as it should.`)
      : version > known
        ? note(
            `Its schema has version ${version} and this Shipmate knows ${known}: a newer one was started on it, beside which this one can run.`,
          )
        : note(`Its schema has version ${version}: the next start brings it to ${known}.`);
  const checked = await checkAudit(database);
  return [
    schema,
    checked.ok
      ? audit.good(heldText(checked))
      : audit.wrong(
          `${checked.says} Find out who could write to the database, and compare it with a backup.`,
        ),
  ];
}
