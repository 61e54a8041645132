/** PostgreSQL as a Database: a pool of connections. */
import { isOutdated, openConnection, statementNames } from "./connection.ts";
import { connections, patience } from "./connections.ts";
import type { Database } from "./database.ts";
import { fullness } from "./fullness.ts";
import { type Ask, type Gave, oneBy, type Send, sqlOver, transact } from "./transaction.ts";
import { fromText } from "./values.ts";

export interface PostgresOptions {
  /** The most connections this process may open (10: PostgreSQL's default of 100 is enough for several replicas). */
  readonly max?: number;
  /** Hears when a connection that nobody was using was lost; the next statement opens another. */
  readonly lost?: (error: Error) => void;
  /** Milliseconds a statement may take (30,000). */
  readonly timeout?: number;
}

/**
 * Opens the pool and asks it once, so that a wrong url throws here. A statement that loses its
 * connection throws LostConnection and is never repeated. One that takes too long is ended by the
 * server and was not done.
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Database> {
  const timeout = options.timeout ?? 30_000;
  const settings = {
    connectionString: url,
    application_name: "shipmate",
    connectionTimeoutMillis: patience,
    keepAlive: true,
    statement_timeout: timeout,
    idle_in_transaction_session_timeout: 10_000,
    // A statement is planned once for good (for some PostgreSQL would do it anew each time, which costs as much as they
    // do), maybe while its tables are small: an index serves it when they have grown.
    options: "-c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan",
    types: { getTypeParser: (type: number) => fromText(type) },
    // What a transaction asks for side by side travels together, and is answered in order.
    pipeline: true,
  };
  const disk = fullness();
  const parts = {
    settings,
    silence: timeout + 5_000,
    names: statementNames(),
    known: new WeakMap<object, never>(),
    disk,
  };
  const pool = (most: number) =>
    connections({
      most,
      open: (hears) => openConnection(parts, hears),
      lost: (error) => options.lost?.(error),
    });
  const [usual, hurried] = [pool(options.max ?? 10), pool(2)];

  const database: Database = {
    kind: "postgres",
    ...sqlOver((text, values) => usual.beside((send) => once(send, text, values))),
    urgent: sqlOver((text, values) => hurried.beside((send) => oneBy(send)(text, values))),
    transaction: (body) =>
      untangled(() => usual.alone((send, leave) => transact(send, body, leave))),
    full: disk.full,
    async close() {
      await Promise.all([usual.close(), hurried.close()]);
    },
  };
  try {
    await database.run("SELECT 1");
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** A statement alone that was refused before it began, because its plan is of an older schema, is asked again. */
async function once(send: Send, text: string, values: Ask["values"]): Promise<Gave> {
  const statement = oneBy(send);
  try {
    return await statement(text, values);
  } catch (error) {
    if (!isOutdated(error)) throw error;
    return statement(text, values);
  }
}

/** The server undid a transaction because it and another waited for each other (40P01): it is done again. */
async function untangled<R>(job: () => Promise<R>): Promise<R> {
  for (let left = 3; ; left--) {
    try {
      return await job();
    } catch (error) {
      const tangled = error instanceof Error && "code" in error && error.code === "40P01";
      if (!tangled || left === 0) throw error;
    }
  }
}
