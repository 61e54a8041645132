/** What goes wrong at an await of a process, as chance says; and what it does to the call. */
import { Patience } from "../../src/core/surface.ts";
import { LostConnection } from "../../src/store/database.ts";
import type { Chance } from "./chance.ts";
import type { Actor, Stage } from "./stage.ts";

/** How likely what is, at each await of its kind. */
export interface Weather {
  /** The process dies before or after the call. */
  readonly crash: number;
  /** It sleeps for longer than a claim lasts, before or after the call. */
  readonly sleep: number;
  /** The database is lost before a statement, inside of a transaction, or after the commit. */
  readonly lost: number;
  /** A provider or a chat fails, before or after it did what was asked. */
  readonly fails: number;
  /** It answers late, or never. */
  readonly slow: number;
  /** A provider refuses. */
  readonly refuses: number;
  /** Somebody else changes something in the world in the very moment before a provider is asked. */
  readonly moves: number;
  /** A doorbell is not heard, or late. */
  readonly deaf: number;
  /** An event is delivered once more. */
  readonly twice: number;
}

export const calm: Weather = {
  ...{ crash: 0, sleep: 0, lost: 0, fails: 0, slow: 0, refuses: 0, moves: 0, deaf: 0, twice: 0 },
};

/** Each kind of fault is away, rare or frequent, so that some seeds are about one kind and some about all. */
export function weatherOf(chance: Chance): Weather {
  const some = (rare: number, frequent: number) => chance.pick([0, rare, rare, frequent]);
  return {
    crash: some(0.004, 0.02),
    sleep: some(0.003, 0.012),
    lost: some(0.005, 0.03),
    fails: some(0.05, 0.25),
    slow: some(0.05, 0.3),
    refuses: some(0.02, 0.08),
    moves: some(0.02, 0.15),
    deaf: some(0.1, 0.5),
    twice: some(0.1, 0.5),
  };
}

/** `sql` and `transaction`: the database; `read`: a provider's look, preview or find; `effect`: its run; `chat`: a post. */
export type Kind = "sql" | "transaction" | "read" | "effect" | "chat";

export interface Call<T> {
  readonly kind: Kind;
  readonly label: string;
  /** `broken`: throws it in the middle, so that all of it is rolled back. */
  work(broken?: Error): Promise<T>;
  /** What a refusal would be; absent where none is possible. */
  readonly refusal?: () => Error;
  /** A request to the outside that is given up is not carried out any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface Faults {
  /** Makes the call when its turn comes, with what chance does to it. */
  call<T>(actor: Actor, call: Call<T>): Promise<T>;
  weather: Weather;
  /** How many of each kind there were. */
  readonly count: { readonly [fault: string]: number };
  /** Counts one. */
  note(fault: string): void;
}

/** Longer than a claim lasts (15 s) where it is a sleep. */
const naps = [16_000, 20_000, 45_000, 300_000] as const;
const delays = [50, 400, 4_000, 20_000, 40_000] as const;

export interface FaultsParts {
  readonly stage: Stage;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly died: (actor: Actor) => void;
  /** Somebody else changes something outside. */
  readonly moves: () => void;
}

export function faultsOf({ stage, chance, weather, died, moves }: FaultsParts): Faults {
  const count: { [fault: string]: number } = {};
  const note = (fault: string) => {
    count[fault] = (count[fault] ?? 0) + 1;
  };
  const blame = (actor: Actor, fault: string) => {
    note(fault);
    actor.troubled = stage.now();
    stage.say(`${actor.name}   !! ${fault}`);
  };
  const made: Faults = {
    weather,
    count,
    note,
    call<T>(actor: Actor, call: Call<T>): Promise<T> {
      if (actor.dead) return new Promise<never>(() => {});
      const now = made.weather;
      const isSql = call.kind === "sql" || call.kind === "transaction";
      const delay = chance.happens(isSql ? now.slow / 20 : now.slow) ? chance.pick(delays) : 0;
      const changes = call.kind === "effect" || call.kind === "chat";
      const issued = stage.now();
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const die = (fault: string) => {
        blame(actor, fault);
        died(actor);
      };
      const sleep = (fault: string) => {
        blame(actor, fault);
        actor.asleep = stage.now() + chance.pick(naps);
      };
      /** Does it; then the answer is given, is lost, or never comes. */
      const done = async (then: (answer: () => void) => void): Promise<void> => {
        let answer = () => {};
        try {
          const gave = await call.work();
          answer = () => resolve(gave);
        } catch (error) {
          answer = () => reject(error);
        }
        then(answer);
      };
      const go = async (): Promise<void> => {
        const rough = made.weather;
        const at = chance.next();
        if (at < rough.crash) {
          if (chance.happens(0.5)) return die("it dies before this");
          return done(() => die("it dies after this"));
        }
        if (at < rough.crash + rough.sleep) {
          // A request that was not sent when its process fell asleep is not sent when it wakes: its line is dead.
          if (chance.happens(0.5)) {
            sleep("it falls asleep before this");
            return void stage.plan(stage.now(), `${call.label} (it woke)`, woken, actor);
          }
          return done((answer) => {
            sleep("it falls asleep after this");
            stage.plan(stage.now(), "it wakes", answer, actor);
          });
        }
        if (isSql) {
          if (!chance.happens(rough.lost)) return done((answer) => answer());
          const lost = new LostConnection(call.label);
          if (chance.happens(0.4)) {
            blame(actor, "the commit's answer is lost");
            return done(() => reject(lost));
          }
          if (call.kind === "transaction" && chance.happens(0.5)) {
            blame(actor, "the database is lost in the middle");
            return call.work(lost).then(resolve, reject);
          }
          blame(actor, "the database is lost");
          return reject(lost);
        }
        return outside(rough);
      };
      const outside = async (rough: Weather): Promise<void> => {
        if (changes && actor.asleep > issued) {
          blame(actor, "the request was never sent");
          return reject(new Error("broken pipe"));
        }
        if (call.kind !== "chat" && chance.happens(rough.moves)) {
          note("somebody else changes something");
          moves();
        }
        if (call.refusal && chance.happens(rough.refuses)) {
          blame(actor, "it refuses");
          return reject(call.refusal());
        }
        if (!chance.happens(rough.fails)) {
          if (rough.slow > 0 && chance.happens(rough.slow / 20)) {
            blame(actor, "it never answers");
            return chance.happens(0.5) ? done(() => {}) : undefined;
          }
          return done((answer) => answer());
        }
        if (call.kind === "chat" && chance.happens(0.4)) {
          blame(actor, "it asks for patience");
          return reject(new Patience(chance.between(1, 30) * 1_000));
        }
        if (chance.happens(0.5)) {
          blame(actor, "its answer is lost");
          return done(() => reject(new Error("connection reset")));
        }
        blame(actor, "it fails");
        return reject(new Error("503 from the outside"));
      };
      const woken = (): Promise<void> => {
        if (!changes) return done((answer) => answer());
        reject(new Error("broken pipe"));
        return Promise.resolve();
      };
      const off = stage.plan(issued + delay, call.label, go, actor);
      call.signal?.addEventListener("abort", () => {
        off();
        reject(call.signal?.reason);
      });
      return promise;
    },
  };
  return made;
}
