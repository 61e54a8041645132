/** PostgreSQL as a Database: a pool of connections. */
import type { Socket } from "node:net";
import { Pool, type PoolClient, type QueryResult } from "pg";
import { type Database, LostConnection, Unavailable } from "./database.ts";
import { fullness } from "./fullness.ts";
import { type Asked, type Known, Prepared } from "./prepared.ts";
import { type Gave, type Statement, sqlOver, transact } from "./transaction.ts";
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
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: timeout,
    // The server ends a statement first; this one is for a server that has fallen silent.
    query_timeout: timeout + 5_000,
    idle_in_transaction_session_timeout: 10_000,
    // A statement is planned once for good (for some PostgreSQL would do it anew each time, which costs as much as they
    // do), maybe while its tables are small: an index serves it when they have grown.
    options: "-c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan",
    types: { getTypeParser: (type: number) => fromText(type) },
    // What a transaction asks for side by side travels together, and is answered in order.
    pipeline: true,
  };
  const pool = new Pool({ ...settings, max: options.max ?? 10 });
  const hurried = new Pool({ ...settings, max: 2 });
  for (const one of [pool, hurried]) one.on("error", (error) => options.lost?.(error));
  const named = names();
  const known: Known = new WeakMap();
  const under = new Set<Promise<unknown>>();
  const disk = fullness();
  let closing: Promise<void> | undefined;

  /** What was asked for before `close` still ends. */
  async function lend<R>(job: (statement: Statement) => Promise<R>, from = pool): Promise<R> {
    if (closing !== undefined) throw new Error("the database is closed");
    const lent = lendNow(job, from);
    under.add(lent);
    return lent.finally(() => under.delete(lent));
  }
  /** A connection that was lost or may be in an odd state is not used again. */
  async function lendNow<R>(job: (statement: Statement) => Promise<R>, from: Pool): Promise<R> {
    const client = await connect(from);
    let lost = false;
    const statement: Statement = async (text, values) => {
      if (lost) throw new LostConnection(text);
      try {
        const name = named.of(text, values);
        return disk.wrote(
          await together(client, () => sent(client, { name, text, values }, known)),
        );
      } catch (error) {
        // Its own stack leads to the socket; this one to whoever asked.
        if (error instanceof Error) Error.captureStackTrace(error);
        if (outdated(error)) named.forget(text);
        disk.refused(error);
        if (refused(error)) throw error;
        lost = true;
        throw new LostConnection(text, { cause: error });
      }
    };
    const onError = () => {
      lost = true;
    };
    client.on("error", onError);
    try {
      return await job(statement);
    } finally {
      client.off("error", onError);
      client.release(lost);
    }
  }

  const database: Database = {
    kind: "postgres",
    ...sqlOver((text, values) => lend((statement) => once(statement, text, values))),
    urgent: sqlOver((text, values) => lend((statement) => statement(text, values), hurried)),
    transaction: (body) => untangled(() => lend((statement) => transact(statement, body))),
    full: disk.full,
    close() {
      closing ??= Promise.allSettled(under).then(async () => {
        await Promise.all([pool.end(), hurried.end()]);
      });
      return closing;
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

/** How many statements are prepared on a connection at most: the store's texts are far fewer. */
const most = 500;

/** A statement with values is prepared once on each connection: planning it again costs as much as running it. */
function names() {
  const known = new Map<string, string>();
  let next = 0;
  return {
    of(text: string, values: readonly unknown[]): string | undefined {
      if (values.length === 0) return undefined;
      const name = known.get(text);
      if (name !== undefined || known.size >= most) return name;
      known.set(text, `s${next}`);
      return `s${next++}`;
    },
    /** Its tables were changed: it is to be prepared anew. */
    forget: (text: string) => void known.delete(text),
  };
}

/** A statement alone that was refused before it began, because its plan is of an older schema, is asked again. */
async function once(
  statement: Statement,
  text: string,
  values: readonly (string | null)[],
): Promise<Gave> {
  try {
    return await statement(text, values);
  } catch (error) {
    if (!outdated(error)) throw error;
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

/** PostgreSQL's "cached plan must not change result type": nothing was done. */
function outdated(error: unknown): boolean {
  return error instanceof Error && "routine" in error && error.routine === "RevalidateCachedQuery";
}

/** What is sent in one turn of the event loop goes out in one write: a write costs more than a statement. */
function together<R>(client: PoolClient, send: () => R): R {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
  return send();
}

async function sent(
  client: PoolClient,
  asked: Omit<Asked, "name"> & { readonly name: string | undefined },
  known: Known,
): Promise<Gave> {
  const { name, text, values } = asked;
  if (name === undefined) return given(await client.query(text, [...values]));
  const { promise, resolve, reject } = Promise.withResolvers<Gave>();
  client.query(
    new Prepared({ name, text, values }, known, (error, gave) => {
      if (gave) resolve(gave);
      else reject(error);
    }),
  );
  return promise;
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw new Unavailable("connecting to the database", { cause: error });
  }
}

/** Whether the server itself said no and stays: a severity, and neither class 08 nor 57P (connection, shutdown). */
function refused(error: unknown): boolean {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return false;
  const code = String(error.code);
  return error.severity === "ERROR" && !code.startsWith("08") && !code.startsWith("57P");
}

/** With several statements in one text, the last one's answer. */
function given(result: QueryResult | readonly QueryResult[]): Gave {
  const last = Array.isArray(result) ? result.at(-1) : result;
  return { rows: last.rows, count: last.rowCount ?? 0, command: last.command ?? "" };
}
