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
 * Statements that a body asks for side by side are carried out in the order in which it asked.
 * `leave` is called once all is asked for: what the connection is asked next comes after the transaction.
 */
export async function transact<R>(
  statement: Statement,
  body: (sql: Sql) => Promise<R>,
  leave?: () => void,
): Promise<R> {
  const watched = watch(statement, statement("BEGIN", []));
  let left = false;
  try {
    const result = await Promise.race([body(watched.sql), watched.forgotten]);
    watched.end();
    if (watched.busy()) throw new Error("a transaction's body ended before its last statement did");
    const committed = statement("COMMIT", []);
    left = leave !== undefined;
    leave?.();
    const { command } = await committed;
    if (command === "COMMIT") return result;
    throw new Error("the transaction was rolled back: a statement in it had thrown");
  } catch (error) {
    watched.end();
    if (left) throw error; // a COMMIT that failed ends it too, and what is asked for now is another's
    await watched.settled();
    // Where the connection is lost there is nothing left to roll back, and the first error says so.
    await statement("ROLLBACK", []).catch(() => undefined);
    throw error;
  }
}

/** Statements as they come, and a clock that runs while there is none. */
function watch(statement: Statement, begun: Promise<unknown>) {
  let open = true;
  let begins = true;
  const under = new Set<Promise<unknown>>();
  let rested = performance.now();
  const forgotten = Promise.withResolvers<never>();
  forgotten.promise.catch(() => undefined);
  begun.catch(forgotten.reject);

  /** One timer for all rests: setting one at each would cost more than asking what time it is. */
  const look = (seen?: number) => {
    const left = under.size > 0 ? patience : rested + patience - performance.now();
    if (left > 0) timer = setTimeout(look, left);
    // A second look, since a busy event loop may run a timer before the body had its turn.
    else if (seen !== rested) timer = setTimeout(look, patience / 10, rested);
    else
      forgotten.reject(
        new Error(
          "a transaction waited for something else than its statements and was rolled back",
        ),
      );
  };
  let timer = setTimeout(look, patience);
  const send: Statement = async (text, values) => {
    // The first one travels with the BEGIN; the others wait for it, so that nothing is done outside of a transaction.
    if (!begins) await begun;
    begins = false;
    if (!open) throw new Error("the transaction is over");
    return statement(text, values);
  };
  const one: Statement = (text, values) => {
    if (!open) return Promise.reject(new Error("the transaction is over"));
    const asked = send(text, values);
    const done = () => {
      under.delete(asked);
      rested = performance.now();
    };
    asked.then(done, done);
    under.add(asked);
    return asked;
  };
  return {
    sql: sqlOver(one),
    forgotten: forgotten.promise,
    busy: () => under.size > 0,
    settled: () => Promise.allSettled([begun, ...under]),
    end() {
      open = false;
      clearTimeout(timer);
    },
  };
}
