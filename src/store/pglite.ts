/** PGlite as a Database: PostgreSQL inside of this process, in memory or in a folder. */
import { PGlite } from "@electric-sql/pglite";
import { refuse } from "../core/refusal.ts";
import type { Database } from "./database.ts";
import { openFolder } from "./pglite-folder.ts";
import { openSession } from "./pglite-session.ts";
import { leastRoom, roomAbove, roomIn } from "./room.ts";
import { oneBy, type Statement, sqlOver, transact } from "./transaction.ts";
import { startUpkeep } from "./upkeep.ts";

export interface PgliteSettings {
  /** Where it is kept. Absent: in memory. Nobody else may use the folder meanwhile (`holdFolder`). */
  readonly folder?: string;
  /** What `dump` gave: a database in memory starts as a copy of it. */
  readonly dump?: Blob;
  /** How long a statement may wait for its turn, in milliseconds (30,000). */
  readonly timeout?: number;
  /** Hears when a checkpoint or a vacuum threw; it is tried again. */
  readonly upkeepFailed?: (error: unknown) => void;
}

export interface Pglite extends Database {
  readonly kind: "pglite";
  /** A copy of all data, for `openPglite({ dump })`. */
  dump(): Promise<Blob>;
}

/**
 * There is one connection: statements and transactions go one after the other, in the order in which
 * they were asked for, and each lets the event loop turn once. A statement that has waited 30 s for
 * its turn throws and was not carried out. One that is under way cannot be stopped: it runs inside
 * of this thread.
 */
export async function openPglite({
  folder,
  dump,
  timeout = 30_000,
  upkeepFailed = () => undefined,
}: PgliteSettings = {}): Promise<Pglite> {
  if (folder !== undefined) await expectRoom(folder);
  const session = await openSession(
    folder === undefined
      ? { open: () => openMemory(dump), roomy: () => true }
      : { open: () => openFolder(folder), roomy: roomIn(folder) },
  );
  const inTurn = turns(timeout);
  const { send } = session;
  const statement = oneBy(send);
  const alone: Statement = (text, values) => inTurn(() => statement(text, values));
  const sql = sqlOver(alone);
  const urgent = sqlOver((text, values) => inTurn(() => statement(text, values), true));
  const upkeep = folder === undefined ? undefined : startUpkeep(sql, { failed: upkeepFailed });
  return {
    kind: "pglite",
    ...sql,
    urgent,
    transaction: (body) => inTurn(() => transact(send, body)),
    full: session.full,
    dump: () => inTurn(() => session.dump()),
    close() {
      upkeep?.close();
      return inTurn.close(() => session.close(folder === undefined ? undefined : "CHECKPOINT"));
    },
  };
}

/** PostgreSQL must not begin what it could not end. */
async function expectRoom(folder: string): Promise<void> {
  if ((await roomAbove(folder)) < leastRoom)
    refuse(`The disk of ${folder} is full: make room there, then start Shipmate again.`);
}

function openMemory(dump: Blob | undefined): Promise<PGlite> {
  const settings = ["shared_buffers=16MB", "plan_cache_mode=force_generic_plan"];
  const startParams = [
    ...PGlite.defaultStartParams,
    ...settings.flatMap((setting) => ["-c", setting]),
  ];
  return PGlite.create(dump === undefined ? { startParams } : { startParams, loadDataDir: dump });
}

/** A mutex: first in, first out, but what is urgent goes before what is not. */
function turns(timeout: number) {
  const waiting: (() => Promise<void>)[] = [];
  const hurrying: (() => Promise<void>)[] = [];
  let working: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function work(): Promise<void> {
    await undefined; // `working` is known before the first job asks for more
    for (let job = next(); job; job = next()) await job();
    working = undefined;
  }
  const next = () => hurrying.shift() ?? waiting.shift();

  function inTurn<R>(job: () => Promise<R>, urgent = false): Promise<R> {
    if (closing !== undefined) return Promise.reject(new Error("the database is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    let gone = false;
    const timer = setTimeout(() => {
      gone = true;
      reject(new Error(`waited ${timeout / 1_000} s for the database and gave up`));
    }, timeout);
    (urgent ? hurrying : waiting).push(async () => {
      clearTimeout(timer);
      if (!gone) await job().then(resolve, reject);
    });
    working ??= work();
    return promise;
  }
  /** Lets what was asked for end first; asking twice is fine. */
  inTurn.close = (close: () => Promise<void>): Promise<void> => {
    closing ??= (working ?? Promise.resolve()).then(close);
    return closing;
  };
  return inTurn;
}
