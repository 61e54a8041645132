/**
 * The connections of one process: opened when they are needed, kept while they are used, at most so many.
 * Who waits for one is served in the order in which it came; statements that stand alone then go out together, since a
 * write to the socket costs more than a statement.
 */
import type { Connection, Hears } from "./connection.ts";
import { Unavailable } from "./database.ts";
import type { Send } from "./transaction.ts";

type Job<R> = (send: Send, leave: () => void) => Promise<R>;

export interface Connections {
  /**
   * Has one alone until the job ends, or has asked its last and leaves: what comes next is carried out after that.
   * Throws Unavailable where none can be had in time: the job was not begun then.
   */
  alone<R>(job: Job<R>): Promise<R>;
  /** The same for a job of one statement at a time: others may be asked beside it on the same connection. */
  beside<R>(job: Job<R>): Promise<R>;
  /** What was asked for before still ends. */
  close(): Promise<void>;
}

export interface ConnectionsParts {
  readonly most: number;
  readonly open: (hears: Hears) => Promise<Connection>;
  /** Hears of one that was lost while nobody used it. */
  readonly lost: (error: Error) => void;
}

/** The longest wait for a connection, in milliseconds. */
export const patience = 10_000;
/** How many statements share one at most: a statement that takes long holds up those behind it. */
const sharing = 4;

interface Waiting {
  readonly since: number;
  readonly shares: boolean;
  readonly begin: (connection: Connection) => Begun;
  readonly refuse: (error: Error) => void;
}

interface Begun {
  /** Another may be asked behind it. */
  readonly left: Promise<void>;
  readonly ended: Promise<void>;
}

export function connections({ most, open, lost }: ConnectionsParts): Connections {
  const waiting: Waiting[] = [];
  /** The one that was used last is lent first, so that others may be closed. */
  const idle: Connection[] = [];
  const closed = Promise.withResolvers<void>();
  let closing = false;
  /** Those that are open or being opened. */
  let count = 0;
  let opening = 0;
  let timer: NodeJS.Timeout | undefined;

  const ask = <R>(job: Job<R>, shares: boolean): Promise<R> =>
    new Promise((resolve, reject) => {
      if (closing) throw new Error("the database is closed");
      const begin = ({ send }: Connection): Begun => {
        const left = Promise.withResolvers<void>();
        const ended = job(send, left.resolve).then(resolve, reject);
        return { left: Promise.race([left.promise, ended]), ended };
      };
      waiting.push({ since: performance.now(), shares, begin, refuse: reject });
      timer ??= setTimeout(giveUp, patience).unref();
      serve();
    });
  const serve = (): void => {
    while (waiting.length > 0) {
      const connection = idle.pop();
      if (!connection) break;
      void work(connection);
    }
    while (opening < waiting.length && count < most) void begin();
    if (!closing || count > 0 || waiting.length > 0) return;
    clearTimeout(timer);
    closed.resolve();
  };
  /** Carries out what waits until nothing does. */
  const work = async (connection: Connection): Promise<void> => {
    let begun: Begun[] = [];
    while (!connection.isLost()) {
      if (waiting.length === 0) await Promise.all(begun.map(({ ended }) => ended));
      const first = waiting.shift();
      if (!first) break;
      begun = [first.begin(connection)];
      while (first.shares && waiting[0]?.shares && opening === 0 && begun.length < sharing) {
        const next = waiting.shift();
        if (next) begun.push(next.begin(connection));
      }
      await Promise.all(begun.map(({ left }) => left));
    }
    if (connection.isLost() || closing) drop(connection);
    else idle.push(connection);
    serve();
  };
  const begin = async (): Promise<void> => {
    let connection: Connection | undefined;
    const takeNow = () => connection !== undefined && takeOut(connection);
    count++;
    opening++;
    try {
      connection = await open({ lost: (error) => takeNow() && lost(error), unused: takeNow });
    } catch (cause) {
      count--;
      waiting.shift()?.refuse(new Unavailable("connecting to the database", { cause }));
    }
    opening--;
    if (connection) void work(connection);
    else serve();
  };
  /** Whether nobody used it: then it is lent no more. */
  const takeOut = (connection: Connection): boolean => {
    const at = idle.indexOf(connection);
    if (at < 0) return false;
    idle.splice(at, 1);
    drop(connection);
    return true;
  };
  const drop = (connection: Connection): void => {
    count--;
    void connection.close();
  };
  const giveUp = (): void => {
    timer = undefined;
    const late = performance.now() - patience;
    while (waiting[0] && waiting[0].since <= late)
      waiting.shift()?.refuse(new Unavailable("connecting to the database", { cause: tooLate() }));
    if (waiting[0]) timer = setTimeout(giveUp, waiting[0].since - late).unref();
  };
  return {
    alone: (job) => ask(job, false),
    beside: (job) => ask(job, true),
    close() {
      closing = true;
      for (const connection of idle.splice(0)) drop(connection);
      serve();
      return closed.promise;
    },
  };
}

/** The same whether a server did not answer or all connections were in use: it may be there a moment later. */
const tooLate = () => new Error(`timeout: no connection was to be had in ${patience / 1_000} s`);
