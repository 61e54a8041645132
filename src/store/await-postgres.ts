/** Opens a PostgreSQL that may still be away when we start, and waits for it. */
import { setTimeout as sleep } from "node:timers/promises";
import { refuse } from "../core/refusal.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres, type PostgresOptions } from "./postgres.ts";
import { isAway, unreachable } from "./unreachable.ts";

export interface AwaitOptions extends PostgresOptions {
  /** Hears each new reason to wait, in one sentence for people. */
  readonly waits: (says: string) => void;
  /** Ends the wait: its reason is thrown. */
  readonly signal: AbortSignal;
  /** How long between two tries, in milliseconds (1,000). */
  readonly every?: number;
}

/** The database, open and migrated. Refuses where waiting would not help: a wrong password, no such database. */
export async function awaitPostgres(url: string, options: AwaitOptions): Promise<Database> {
  const { waits, signal, every = 1_000 } = options;
  let said = "";
  for (;;) {
    signal.throwIfAborted();
    try {
      return await openMigrated(url, options);
    } catch (error) {
      const says = unreachable(new URL(url), error);
      if (!isAway(error) && ofConnecting(error)) refuse(says);
      if (!isAway(error)) throw error;
      if (says !== said) waits(says);
      said = says;
    }
    await sleep(every, undefined, { signal }).catch(() => undefined);
  }
}

async function openMigrated(url: string, options: PostgresOptions): Promise<Database> {
  const database = await openPostgres(url, options);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function ofConnecting(error: unknown): boolean {
  return error instanceof Error && error.message === "connecting to the database";
}
