/** One connection to PostgreSQL: what is asked of it side by side travels together, and is answered in order. */
import type { Socket } from "node:net";
import { Client, type ClientConfig, type QueryResult } from "pg";
import { LostConnection } from "./database.ts";
import type { Fullness } from "./fullness.ts";
import { type Known, Prepared } from "./prepared.ts";
import { type Ask, type Gave, type Send, textOf } from "./transaction.ts";

export interface Connection {
  readonly send: Send;
  /** Nothing more can be asked of it. */
  isLost(): boolean;
  close(): Promise<void>;
}

/** What a connection tells of itself. */
export interface Hears {
  lost(error: Error): void;
  /** Nothing moved on it for as long as a statement may take; gives whether nobody uses it. */
  unused(): boolean;
}

export interface ConnectionParts {
  readonly settings: ClientConfig;
  /** A server that says nothing for so many milliseconds while something is asked of it is lost. */
  readonly silence: number;
  readonly names: Names;
  readonly known: Known;
  readonly disk: Fullness;
}

type Told = (error: unknown, gave?: readonly Gave[]) => void;

export async function openConnection(
  { settings, silence, names, known, disk }: ConnectionParts,
  hears: Hears,
): Promise<Connection> {
  const client = new Client(settings);
  let lost = false;
  client.on("error", (error) => {
    lost = true;
    hears.lost(error);
  });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.setTimeout(silence, () => {
    if (!hears.unused()) stream.destroy(new Error(`the server said nothing for ${silence} ms`));
  });

  let corked = false;
  /** What is sent in one turn of the event loop goes out in one write: a write costs more than a statement. */
  const together = (): void => {
    if (corked) return;
    corked = true;
    stream.cork();
    process.nextTick(() => {
      corked = false;
      stream.uncork();
    });
  };
  const ask = (asks: readonly Ask[], told: Told): void => {
    const [first] = asks;
    if (first && asks.length === 1 && first.values.length === 0) {
      client.query(first.text, (error, result) => told(error, result && [given(result)]));
    } else {
      const named = asks.map(({ text, values }) => ({ name: names.of(text), text, values }));
      client.query(new Prepared(named, known, told));
    }
  };
  return {
    async send(asks) {
      if (lost) throw new LostConnection(textOf(asks));
      // Each of them may take as long as one, and is answered with the last.
      if (asks.length > 1) stream.setTimeout(silence * asks.length);
      try {
        together();
        const { promise, resolve, reject } = Promise.withResolvers<readonly Gave[]>();
        ask(asks, (error, gave) => (gave ? resolve(gave) : reject(error)));
        return disk.wrote(await promise);
      } catch (error) {
        // Its own stack leads to the socket; this one to whoever asked.
        if (error instanceof Error) Error.captureStackTrace(error);
        if (isOutdated(error)) for (const one of asks) names.forget(one.text);
        disk.refused(error);
        if (isRefused(error)) throw error;
        lost = true;
        throw new LostConnection(textOf(asks), { cause: error });
      } finally {
        if (asks.length > 1) stream.setTimeout(silence);
      }
    },
    isLost: () => lost,
    close: () => client.end().catch(() => undefined),
  };
}

export interface Names {
  /** Under what name it is prepared; empty: under none. */
  of(text: string): string;
  /** Its tables were changed: it is to be prepared anew. */
  forget(text: string): void;
}

/** How many statements are prepared on a connection at most: the store's texts are far fewer. */
const most = 500;

/** A statement is prepared once on each connection: planning it again costs as much as running it. */
export function statementNames(): Names {
  const known = new Map<string, string>();
  let next = 0;
  return {
    of(text) {
      const name = known.get(text);
      if (name !== undefined) return name;
      if (known.size >= most) return "";
      known.set(text, `s${next}`);
      return `s${next++}`;
    },
    forget: (text) => void known.delete(text),
  };
}

/** PostgreSQL's "cached plan must not change result type": nothing was done. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Error && "routine" in error && error.routine === "RevalidateCachedQuery";
}

/** Whether the server itself said no and stays: a severity, and neither class 08 nor 57P (connection, shutdown). */
function isRefused(error: unknown): boolean {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return false;
  const code = String(error.code);
  return error.severity === "ERROR" && !code.startsWith("08") && !code.startsWith("57P");
}

/** With several statements in one text, the last one's answer. */
function given(result: QueryResult | readonly QueryResult[]): Gave {
  const last = Array.isArray(result) ? result.at(-1) : result;
  return { rows: last.rows, count: last.rowCount ?? 0, command: last.command ?? "" };
}
