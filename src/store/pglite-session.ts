/**
 * One PGlite after the other: where one stops for good, the next is opened, and finds what was committed.
 *
 * A PGlite that could not write its log has stopped, whether it says so or not: its next statement would never end.
 * So nothing is written while its disk has hardly any room, and one that failed is never asked again.
 */
import type { PGlite } from "@electric-sql/pglite";
import { LostConnection, Unavailable } from "./database.ts";
import { statements } from "./pglite-wire.ts";
import { oneBy, type Send, textOf } from "./transaction.ts";

export interface SessionParts {
  readonly open: () => Promise<PGlite>;
  /** Whether what is written now would find room. */
  readonly roomy: () => boolean;
}
export interface Session {
  readonly send: Send;
  full(): boolean;
  /** A copy of all data. */
  dump(): Promise<Blob>;
  /** Ends the one that is open, after `last` where that one is well. */
  close(last?: string): Promise<void>;
}

/** The least time between two tries to open the next one, in milliseconds: each blocks everything for a good part of a second. */
const pause = 5_000;

export async function openSession({ open, roomy }: SessionParts): Promise<Session> {
  let pglite: PGlite | undefined = await open();
  let ask = statements(pglite);
  let inside = false;
  let why: unknown;
  let tried = Number.NEGATIVE_INFINITY;

  async function revive(): Promise<void> {
    if (!roomy() || performance.now() - tried < pause)
      throw new Unavailable("the database has stopped", { cause: why });
    try {
      pglite = await open();
      ask = statements(pglite);
    } catch (cause) {
      throw new Unavailable("the database has stopped", { cause });
    } finally {
      tried = performance.now();
    }
  }
  const send: Send = async (asks) => {
    if (!inside && !roomy() && asks.some(({ text }) => !reads.test(text)))
      throw new Unavailable("the database's disk is full");
    if (pglite === undefined) await revive();
    try {
      const gave = await ask(asks);
      const { command = "" } = gave.at(-1) ?? {};
      if (ends.has(command)) inside = false;
      else if (gave[0]?.command === "BEGIN") inside = true;
      return gave;
    } catch (error) {
      if (isFull(error)) throw new Unavailable("the database's disk is full", { cause: error });
      if (isRefusal(error)) {
        // A BEGIN is not undone with what came behind it.
        if (asks[0]?.text === "BEGIN") inside = true;
        throw error;
      }
      pglite = undefined;
      inside = false;
      why = error;
      throw new LostConnection(textOf(asks), { cause: error });
    }
  };
  return {
    send,
    full: () => !roomy(),
    async dump() {
      if (pglite === undefined) await revive();
      if (pglite === undefined) throw new Unavailable("the database has stopped");
      return pglite.dumpDataDir("none");
    },
    async close(last) {
      if (pglite === undefined) return;
      if (last !== undefined) await oneBy(send)(last, []).catch(() => undefined);
      await pglite?.close();
    },
  };
}

/** What needs no room, or makes some. */
const reads = /^\s*(SELECT|COMMIT|ROLLBACK|CHECKPOINT)\b/;
const ends: ReadonlySet<string> = new Set(["COMMIT", "ROLLBACK"]);

/** The database's own no, after which it goes on: not one about its log. */
function isRefusal(error: unknown): error is Error & { readonly code: unknown } {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return false;
  return error.severity === "ERROR" && !error.message.includes("pg_wal");
}

/** PostgreSQL's disk_full: of a table, an index or a temporary file. */
function isFull(error: unknown): boolean {
  return isRefusal(error) && error.code === "53100";
}
