/** What both kinds of database share: statements checked by schemas, and transactions that nobody can forget open. */
import type { Sql } from "./database.ts";
import { toText } from "./values.ts";

/** What one statement gave. `command` is the first word of PostgreSQL's tag. */
export interface Gave {
  readonly rows: readonly unknown[];
  readonly count: number;
  readonly command: string;
}

/** Carries one statement out on one connection. Without values the text may hold several statements. */
export type Statement = (text: string, values: readonly (string | null)[]) => Promise<Gave>;

export function sqlOver(statement: Statement): Sql {
  return {
    async query(row, text, values = []) {
      const { rows } = await statement(text, values.map(toText));
      return rows.map((found) => {
        const parsed = row.safeParse(found);
        if (parsed.success) return parsed.data;
        throw new Error(`reading what this gave: ${text.trim()}`, { cause: parsed.error });
      });
    },
    async run(text, values = []) {
      return (await statement(text, values.map(toText))).count;
    },
  };
}

/** An open transaction that has issued no statement for so long is rolled back, in milliseconds. */
const patience = 1_000;

/**
 * Commits what `body` does, or rolls it back where `body` throws. A body that waits for anything
 * but its statements is rolled back after a second, and so is one that leaves a statement behind.
 */
export async function transact<R>(
  statement: Statement,
  body: (sql: Sql) => Promise<R>,
): Promise<R> {
  await statement("BEGIN", []);
  const watched = watch(statement);
  try {
    const result = await Promise.race([body(watched.sql), watched.forgotten]);
    watched.end();
    if (watched.busy()) throw new Error("a transaction's body ended before its last statement did");
    const { command } = await statement("COMMIT", []);
    if (command === "COMMIT") return result;
    throw new Error("the transaction was rolled back: a statement in it had thrown");
  } catch (error) {
    watched.end();
    await watched.settled();
    // Where the connection is lost there is nothing left to roll back, and the first error says so.
    await statement("ROLLBACK", []).catch(() => undefined);
    throw error;
  }
}

/** One statement after another, and a clock that runs while there is none. */
function watch(statement: Statement) {
  let open = true;
  let under = 0;
  let last: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const forgotten = Promise.withResolvers<never>();
  forgotten.promise.catch(() => undefined);

  const abandon = () =>
    forgotten.reject(
      new Error("a transaction waited for something else than its statements and was rolled back"),
    );
  const rest = () => {
    // A second look, since a busy event loop may run a timer before the body had its turn.
    timer = setTimeout(() => {
      timer = setTimeout(abandon, patience / 10);
    }, patience);
  };
  const one: Statement = (text, values) => {
    if (!open) return Promise.reject(new Error("the transaction is over"));
    under += 1;
    clearTimeout(timer);
    const turn = last.then(() => {
      if (!open) throw new Error("the transaction is over");
      return statement(text, values);
    });
    last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn.finally(() => {
      under -= 1;
      if (open && under === 0) rest();
    });
  };
  rest();
  return {
    sql: sqlOver(one),
    forgotten: forgotten.promise,
    busy: () => under > 0,
    settled: () => last,
    end() {
      open = false;
      clearTimeout(timer);
    },
  };
}
