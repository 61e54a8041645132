/**
 * Engines that die: every await of the database or of a provider is a tick, before and after the call, and at a
 * chosen tick the engine is dead. A call that it died before is not carried out; one that it died after is, and its
 * answer never arrives; nothing that the dead engine asks for later settles. An open transaction is rolled back.
 */
import type { Served, Server } from "../../src/engine/operations.ts";
import type { Database, Sql } from "../../src/store/database.ts";

/** One engine's life. */
export interface Life {
  /** How many awaits it has seen. */
  readonly ticks: number;
  readonly dead: boolean;
  /** Resolves when it dies. */
  readonly died: Promise<"died">;
  /** Counts one await; never comes back for the dead. */
  tick(): Promise<void>;
  /** Makes the call between two ticks. */
  at<T>(call: () => Promise<T>): Promise<T>;
  /** Rejects when it dies: inside a transaction's body this rolls it back. */
  readonly end: Promise<never>;
}

/** Dies at that tick; Infinity never does. */
export function lifeUntil(last: number): Life {
  const died = Promise.withResolvers<"died">();
  const end = Promise.withResolvers<never>();
  end.promise.catch(() => {});
  let ticks = 0;
  let dead = false;
  const tick = (): Promise<void> => {
    if (!dead && ++ticks < last) return Promise.resolve();
    if (!dead) {
      dead = true;
      died.resolve("died");
      end.reject(new Error("the engine died in the middle of a transaction"));
    }
    return new Promise<never>(() => {});
  };
  return {
    get ticks() {
      return ticks;
    },
    get dead() {
      return dead;
    },
    died: died.promise,
    end: end.promise,
    tick,
    async at(call) {
      await tick();
      try {
        return await call();
      } finally {
        await tick();
      }
    },
  };
}

/** The database as an engine of this life sees it. */
export function mortalDatabase(database: Database, life: Life): Database {
  return {
    kind: database.kind,
    query: (row, text, values) => life.at(() => database.query(row, text, values)),
    run: (text, values) => life.at(() => database.run(text, values)),
    urgent: {
      query: (row, text, values) => life.at(() => database.urgent.query(row, text, values)),
      run: (text, values) => life.at(() => database.urgent.run(text, values)),
    },
    transaction: (body) =>
      life.at(() =>
        database.transaction((sql) =>
          Promise.race([body(mortalSql(sql, life), () => {}), life.end]),
        ),
      ),
    close: async () => {},
  };
}

/** Providers as an engine of this life sees them. */
export function mortalServed(served: readonly Served[], life: Life): readonly Served[] {
  return served.map(({ role, route }) => ({
    role,
    route(input) {
      const { name, provider } = route(input);
      return { name, provider: faces(provider, life) };
    },
  }));
}

/** Inside a transaction one tick a statement is enough: wherever it dies, all is rolled back. */
function mortalSql(sql: Sql, life: Life): Sql {
  return {
    async query(row, text, values) {
      await life.tick();
      return sql.query(row, text, values);
    },
    async run(text, values) {
      await life.tick();
      return sql.run(text, values);
    },
  };
}

function faces(provider: Server["provider"], life: Life): Server["provider"] {
  return Object.fromEntries(
    Object.entries(provider).map(([key, face]) => [key, mortal(face, life)]),
  );
}

function mortal(face: unknown, life: Life): unknown {
  if (typeof face === "function")
    return (...args: unknown[]) => life.at(async () => Reflect.apply(face, undefined, args));
  if (typeof face !== "object" || face === null) return face;
  return Object.fromEntries(Object.entries(face).map(([key, one]) => [key, mortal(one, life)]));
}
