/** Opens the database of the settings, ready to be used: waited for, migrated, and rid of what an earlier process left. */
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { Log } from "./observe/log.ts";
import { awaitPostgres } from "./store/await-postgres.ts";
import { voidClaims } from "./store/claims.ts";
import type { Database } from "./store/database.ts";
import { voidTaken } from "./store/inbox.ts";
import { seekUnposted, voidPosting } from "./store/messages.ts";
import { migrate } from "./store/migrate.ts";
import { openPglite } from "./store/pglite.ts";
import { standIn } from "./web/stand-in.ts";

/** `signal` ends a start that waits for its database; its reason is thrown. */
export async function openDatabase(
  config: Config,
  log: Log,
  signal = new AbortController().signal,
): Promise<Database> {
  const url = config.mode === "local" ? undefined : config.database;
  const database = await (url === undefined
    ? openFolder(config.home, log)
    : openServer(url, config, log, signal));
  try {
    await seekUnposted(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openFolder(home: string, log: Log): Promise<Database> {
  const database = await openPglite({
    folder: join(home, "database"),
    upkeepFailed: (err) => log.warn({ err }, "keeping the database in shape"),
  });
  try {
    await migrate(database);
    await voidClaims(database);
    await voidPosting(database);
    await voidTaken(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Where PostgreSQL is away it is waited for, and `/readyz` says so. */
async function openServer(
  url: string,
  { host, port }: Config,
  log: Log,
  signal: AbortSignal,
): Promise<Database> {
  let why = "";
  let standing: Promise<{ close(): Promise<void> } | undefined> | undefined;
  const waits = (says: string) => {
    why = says;
    log.warn(`${says} Shipmate waits for it.`);
    standing ??= standIn({ host, port, says: () => why }).catch(() => undefined);
  };
  const lost = (err: Error) => log.warn({ err }, "a connection to the database was lost");
  try {
    const database = await awaitPostgres(url, { lost, waits, signal });
    if (standing) log.info("The database answers now.");
    return database;
  } finally {
    await (await standing)?.close();
  }
}
