/** What both kinds of database share: statements checked by schemas, and transactions that nobody can forget open. */
import { Fenced, type Sql } from "./database.ts";
import { toText } from "./values.ts";

/** What one statement gave. `command` is the first word of PostgreSQL's tag. */
export interface Gave {
  readonly rows: readonly unknown[];
  readonly count: number;
  readonly command: string;
}

/** A statement and the texts of its values. */
export interface Ask {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/**
 * Carries statements out on one connection, one after the other and as one: where one throws, those behind it are not
 * begun, and outside of a transaction none of them stays. Without values a text that comes alone may hold several.
 */
export type Send = (asks: readonly Ask[]) => Promise<readonly Gave[]>;

/** For whoever reads an error. */
export const textOf = (asks: readonly Ask[]): string =>
  asks.map(({ text }) => text.trim()).join("; ");

/** Carries one statement out. */
export type Statement = (text: string, values: Ask["values"]) => Promise<Gave>;

export const oneBy =
  (send: Send): Statement =>
  async (text, values) => {
    const [gave] = await send([{ text, values }]);
    if (!gave) throw new Error(`no answer to: ${text.trim()}`);
    return gave;
  };

export function sqlOver(statement: Statement): Sql {
  const ask: Statement = async (text, values) => {
    try {
      return await statement(text, values);
    } catch (error) {
      throw keptBack(error) ?? error;
    }
  };
  return {
    async query(row, text, values = []) {
      const { rows } = await ask(text, values.map(toText));
      return rows.map((found) => {
        const parsed = row.safeParse(found);
        if (parsed.success) return parsed.data;
        throw new Error(`reading what this gave: ${text.trim()}`, { cause: parsed.error });
      });
    },
    async run(text, values = []) {
      return (await ask(text, values.map(toText))).count;
    },
  };
}

/** What `shipmate.keep_back` throws. */
function keptBack(error: unknown): Fenced | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "SM001") return undefined;
  return new Fenced(error.message, { cause: error });
}

/** An open transaction that has issued no statement for so long is rolled back, in milliseconds. */
const patience = 1_000;

const begin: Ask = { text: "BEGIN", values: [] };
const commit: Ask = { text: "COMMIT", values: [] };
const rollback: Ask = { text: "ROLLBACK", values: [] };

/**
 * Commits what `body` does, or rolls it back where `body` throws. A body that waits for anything but its statements is
 * rolled back after a second, and so is one that leaves a statement behind. Statements that a body asks for side by side
 * travel together and are carried out in the order in which it asked. Once it has said `last`, the commit goes along
 * with what it asks for in this turn of the event loop: what it asks for later throws, and what it throws undoes nothing.
 * `leave` is called once only the commit is waited for: what the connection is asked next comes after the transaction.
 */
export async function transact<R>(
  send: Send,
  body: (sql: Sql, last: () => void) => Promise<R>,
  leave?: () => void,
): Promise<R> {
  const groups = inGroups(send);
  const rest = watch(groups.isResting);
  try {
    const result = await Promise.race([body(sqlOver(groups.ask), groups.last), rest.forgotten]);
    rest.end();
    await groups.commit(leave);
    return result;
  } catch (error) {
    rest.end();
    await groups.rollback();
    throw error;
  }
}

/** What is asked for in one turn of the event loop goes out as one. */
function inGroups(send: Send) {
  const waiting: (Ask & { readonly answer: PromiseWithResolvers<Gave> })[] = [];
  let state: "new" | "open" | "ended" = "new";
  let isLast = false;
  let over = false;
  let failed = false;
  let sending: Promise<void> | undefined;
  let rested = performance.now();

  const carryOut = async (group: readonly Ask[]): Promise<readonly Gave[]> => {
    const ends = isLast && waiting.length === 0;
    if (ends) over = true;
    if (group.some(isBare)) {
      if (state === "new") await send([begin]);
      state = "open";
      return send(group);
    }
    if (ends && state === "new") {
      state = "ended";
      return send(group); // what goes out as one needs no more to be one
    }
    const opens = state === "new";
    state = "open";
    const gave = await send([...(opens ? [begin] : []), ...group, ...(ends ? [commit] : [])]);
    if (ends) state = "ended";
    return gave.slice(opens ? 1 : 0, opens ? group.length + 1 : group.length);
  };
  /** Nothing goes out before what went out earlier is answered: where the BEGIN failed, it would stay. */
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const bare = waiting.findIndex(isBare);
      const group = waiting.splice(0, bare < 0 ? waiting.length : Math.max(1, bare));
      try {
        const gave = await carryOut(group);
        for (const [at, { answer }] of group.entries()) answer.resolve(gave[at] as Gave);
      } catch (error) {
        failed = true;
        for (const { answer } of [...group, ...waiting.splice(0)]) answer.reject(error);
      }
      rested = performance.now();
    }
    sending = undefined;
  };
  return {
    ask(text: string, values: Ask["values"]): Promise<Gave> {
      if (failed) return Promise.reject(new Error("the transaction was rolled back"));
      if (over) return Promise.reject(new Error("the transaction is over"));
      const answer = Promise.withResolvers<Gave>();
      waiting.push({ text, values, answer });
      sending ??= turnOver().then(sendAll);
      return answer.promise;
    },
    last: () => {
      isLast = true;
    },
    /** Since when nothing is under way; undefined: something is. */
    isResting: () => (sending ? undefined : rested),
    async commit(leave?: () => void): Promise<void> {
      if (sending) throw new Error("a transaction's body ended before its last statement did");
      over = true;
      if (failed) throw new Error("the transaction was rolled back: a statement in it had thrown");
      if (state !== "open") return;
      state = "ended"; // also a COMMIT that fails ends it
      const sent = send([commit]);
      leave?.();
      const [done] = await sent;
      if (done?.command !== "COMMIT")
        throw new Error("the transaction was rolled back: the database did not commit it");
    },
    async rollback(): Promise<void> {
      over = true;
      for (const { answer } of waiting.splice(0))
        answer.reject(new Error("the transaction is over"));
      await sending;
      if (state !== "open") return;
      state = "ended";
      // Where the connection is lost there is nothing left to roll back, and the first error says so.
      await send([rollback]).catch(() => undefined);
    },
  };
}

/** All that was begun in this turn has come to where it waits: whoever throws instead has thrown. */
const turnOver = (): Promise<void> =>
  Promise.resolve().then(() => new Promise((resolve) => process.nextTick(resolve)));

/** It may hold several statements. */
const isBare = ({ values }: Ask): boolean => values.length === 0;

/** A clock that runs while no statement is under way. */
function watch(isResting: () => number | undefined) {
  const forgotten = Promise.withResolvers<never>();
  forgotten.promise.catch(() => undefined);
  /** One timer for all rests: setting one at each would cost more than asking what time it is. */
  const look = (seen?: number) => {
    const rested = isResting();
    const left = rested === undefined ? patience : rested + patience - performance.now();
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
  return { forgotten: forgotten.promise, end: () => clearTimeout(timer) };
}
