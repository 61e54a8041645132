/**
 * One claimed run being driven: its journal in memory and in SQL, its presses and plans, and how it parks.
 *
 * Every write goes through `put` or `transact`, both fenced by the claim's epoch. What may come `later` goes along with
 * the next of them, and nothing is written before it. A branch that has to wait calls `park` and never comes back; when
 * no branch is active any more, the driver gives the claim back. A branch that loses the database never comes back
 * either, and the drive is over: authors and providers have no part in that.
 */
import type { Json } from "../core/operation.ts";
import type { Meter } from "../observe/meter.ts";
import type { Deed } from "../store/audit.ts";
import type { Claim } from "../store/claims.ts";
import { Fenced, type Sql } from "../store/database.ts";
import { type Entry, putEntries } from "../store/journal.ts";
import type { PlanRow } from "../store/plans.ts";
import type { Press } from "../store/presses.ts";
import { bumpRoot, fence, type Holds, type Passed, type Waits } from "../store/runs.ts";
import type { DriveState } from "../store/snapshot.ts";
import type { Together } from "../store/together.ts";
import { joined, nothing, type Owed } from "./owed.ts";

export interface Progress {
  readonly run: Claim;
  readonly meter: Meter | undefined;
  /** The claim and what was written under it, for writes besides the journal. */
  holds(): Holds;
  readonly presses: ReadonlyMap<string, Press>;
  /** The newest plan by step. */
  readonly plans: Map<string, PlanRow>;
  /** Gone when the claim is lost. */
  readonly signal: AbortSignal;
  /** The database's time as it last told. */
  now(): number;
  get(key: string): Json | undefined;
  has(key: string): boolean;
  keys(): Iterable<string>;
  /** Throws where the claim may have run out: this process slept, or could not renew it. */
  expectClaim(): void;
  /** Whether this drive itself recorded this intent and has not begun it yet; asking takes it. */
  isFresh(intent: string): boolean;
  put(entries: readonly Entry[], how?: PutHow): Promise<void>;
  /** Entries and other statements in one transaction, behind the fence. */
  transact<R>(body: (sql: Sql) => Promise<Written<R>>, how?: TransactHow): Promise<R>;
  /**
   * Puts entries and does other statements at the end of this turn of the event loop, unless the run has ended by then:
   * its end does the same.
   */
  close(closing: Closing): void;
  /** Whoever parks the run: all that was to come later is written. */
  settled(): Promise<void>;
  /** Whoever ends the run writes what was to come later, where it is not written by now. */
  owed(): Promise<Owed>;
  /** Reads besides the journal. */
  reads<R>(body: (sql: Sql) => Promise<R>): Promise<R>;
  /** Waits for something outside this process. Never comes back. */
  park(waits: Waits | undefined, wake?: number): Promise<never>;
  /** Parks the whole run: what other branches wait for counts no more. Never comes back. */
  parkAlone(waits: Waits): Promise<never>;
  /** Whether nothing else of the run is under way beside whoever asks. */
  isAlone(): boolean;
  /** Counts branches: a group of three parts has two more than its one. */
  branch(more: number): void;
  /** The steps that may hold a target or be in line for one: noted before they are, and taken off after. */
  readonly lines: Set<string>;
  readonly waits: readonly Waits[];
  readonly wakes: readonly number[];
  /** Resolves when every branch is parked. */
  readonly quiet: Promise<void>;
  /** Rejects when the database is lost: what stands in it is not known, and the next driver reads it anew. */
  readonly broken: Promise<never>;
}
/** What a transaction adds to the journal and takes from it. */
export interface Puts {
  readonly put?: readonly Entry[];
  readonly gone?: readonly string[];
  readonly state?: string;
  readonly audit?: readonly Deed[];
  /** Of what is put, the intent that is carried out next. */
  readonly intent?: string | undefined;
}
/** The same, and what it gives. */
export interface Written<R> extends Puts {
  readonly value: R;
}
export interface TransactHow {
  /** A power cut may lose it (`soft` in the store). */
  readonly soft?: boolean;
  /** What has to be locked before the run's own row, which the fence locks. */
  readonly before?: ((sql: Sql) => Promise<void>) | undefined;
  /** What is put whatever the rest comes to: it is the fence too, and nothing else is put. */
  readonly puts?: Puts;
  /** Whether the card shows it; unless told. */
  readonly shows?: boolean;
  /** All of it is asked for in one turn and put as `puts`: it goes to the database and is committed in one go. */
  readonly atOnce?: boolean;
}
/** `transact`, and what follows it. */
export interface Closing {
  readonly entries: readonly Entry[];
  readonly body: (sql: Sql) => Promise<void>;
  readonly how: Omit<TransactHow, "puts">;
  readonly after: () => void;
}
export interface PutHow {
  readonly state?: string;
  readonly gone?: readonly string[];
  readonly shows?: boolean;
  readonly audit?: readonly Deed[];
  /** A power cut may lose it (`soft` in the store). */
  readonly soft?: boolean;
  /** Of what is put, the intent that is carried out next. */
  readonly intent?: string | undefined;
  /**
   * It may be written with what comes next: within a moment (what is only read again where it is lost), or at the end of
   * this turn of the event loop.
   */
  readonly later?: "moment" | "turn" | undefined;
}

/** How long what may come in a moment waits for something to go along with, in milliseconds. */
const moment = 10;
/** What took longer tells the time anew: waits are reckoned from it. In milliseconds. */
const told = 100;

export async function openProgress(
  together: Together,
  run: Claim,
  signal: AbortSignal,
  meter?: Meter,
  lasts: () => boolean = () => true,
  known?: DriveState,
): Promise<Progress> {
  const { database } = together;
  const state = known ?? (await together.read(run.id));
  const { journal: entries, presses } = state;
  const plans = new Map(state.plans.map((plan) => [plan.step, plan]));
  const quiet = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const waits: Waits[] = [];
  const wakes: number[] = [];
  let { now, rev } = run;
  const fresh = new Set<string>();
  let active = 0;
  let alone = false;
  const settle = () => {
    setImmediate(() => {
      if (active === 0 || alone) quiet.resolve();
    });
  };
  const stillMine = () => {
    if (signal.aborted) throw new Fenced(`run ${run.id} is driven no more by claim ${run.epoch}`);
  };
  /** Only a stale claim throws; any other error is the database's. */
  const asked = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Fenced) throw error;
      broken.reject(error);
      return new Promise<never>(() => {});
    }
  };
  const holds = () => ({ id: run.id, epoch: run.epoch, rev });
  let at = performance.now();
  const passed = (passed: Passed) => {
    at = performance.now();
    now = passed.now;
    rev = Math.max(rev, passed.rev);
  };
  const remember = (put: readonly Entry[], gone: readonly string[]) => {
    for (const key of gone) entries.delete(key);
    for (const { key, value } of put) entries.set(key, value);
  };

  /** What is not written yet, and the write that some of it is part of: no other one begins before that is over. */
  let owed = nothing;
  const closings: Closing[] = [];
  let writing: Promise<void> | undefined;
  let failed = false;
  let timer: NodeJS.Timeout | undefined;
  const take = (): Owed => {
    clearTimeout(timer);
    timer = undefined;
    const taken = owed;
    owed = nothing;
    return taken;
  };
  const carrying = <T>(write: Promise<T>): Promise<T> => {
    const under = write.then(
      () => {},
      (error: unknown) => {
        failed = true;
        broken.reject(error);
      },
    );
    writing = under.then(() => {
      writing = undefined;
    });
    return write;
  };
  /** Writes what is owed, if nothing else did meanwhile. */
  const settleOwed = async (): Promise<void> => {
    while (writing) await writing;
    if (failed) return;
    try {
      const closing = closings.shift();
      if (closing) {
        const { entries: put, body, how, after } = closing;
        const puts = { put };
        const write = async (sql: Sql) => ({ ...puts, value: await body(sql) });
        await carrying(written(write, { ...how, puts }, take()));
        after();
      } else if (owed !== nothing) {
        passed(await carrying(together.put({ run: holds(), ...take() })));
      }
    } catch (error) {
      broken.reject(error);
    }
  };
  /** What has to be written before anything else is. */
  const isBusy = () => failed || writing !== undefined || closings.length > 0;
  const ready = () => (failed ? new Promise<never>(() => {}) : settleOwed());
  const written = async <R>(
    body: (sql: Sql) => Promise<Written<R>>,
    how: TransactHow,
    before: Owed,
  ): Promise<R> => {
    const soft = how.soft && before.soft;
    const entry = (run: Holds, { put: entries = [], gone = [], state, audit = [] }: Puts) => ({
      ...{ run, gone, state },
      ...joined(before, { entries, audit, shows: how.shows ?? true, soft: soft ?? false }, gone),
    });
    // What is owed is put too: then that is the fence.
    const known = how.puts ?? (how.atOnce && before !== nothing ? {} : undefined);
    const work = async (sql: Sql, last: () => void) => {
      if (how.atOnce) last();
      // All of it is asked for at once and carried out in this order; where the fence throws, nothing of it stays.
      const opening = how.before?.(sql);
      const passing = known ? putEntries(sql, entry(holds(), known)) : fence(sql, holds(), soft);
      const [at, written] = await Promise.all([passing, body(sql), opening]);
      const { value } = written;
      const puts = known ?? written;
      const { put = [], gone = [], state, audit = [], intent } = puts;
      const done = { at, put, gone, intent, value };
      if (known || how.atOnce) return done;
      const count = put.length + gone.length + audit.length;
      if (count === 0 && before === nothing && state === undefined) {
        if (!soft) await bumpRoot(sql, run.id);
        return done;
      }
      return { ...done, at: await putEntries(sql, entry({ ...run, rev: at.rev }, puts)) };
    };
    const done = await database.transaction(work);
    passed(done.at);
    remember(done.put, done.gone);
    if (done.intent !== undefined) fresh.add(done.intent);
    return done.value;
  };
  return {
    run,
    meter,
    holds,
    presses,
    plans,
    lines: state.lines,
    signal,
    waits,
    wakes,
    quiet: quiet.promise,
    broken: broken.promise,
    now: () => now,
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    keys: () => entries.keys(),
    expectClaim() {
      if (!lasts()) throw new Fenced(`the claim ${run.epoch} on run ${run.id} may have run out`);
      stillMine();
    },
    isFresh: (intent) => fresh.delete(intent),
    async put(put, { intent, later, gone = [], state, ...how } = {}) {
      stillMine();
      const mine = { ...nothing, entries: put, ...how, shows: how.shows ?? state !== undefined };
      const soft = how.soft ?? false;
      if (later === "turn" || (later && performance.now() - at < told)) {
        owed = joined(owed, { ...mine, soft });
        remember(put, []);
        if (later === "turn") setImmediate(() => void settleOwed());
        else timer ??= setTimeout(() => void settleOwed(), moment);
        return;
      }
      while (isBusy()) await ready();
      const before = take();
      const entry = { run: holds(), state, gone, ...joined(before, { ...mine, soft }, gone) };
      const write = () => together.put(entry);
      passed(await asked(() => (before === nothing ? write() : carrying(write()))));
      remember(put, gone);
      if (intent !== undefined) fresh.add(intent);
    },
    async transact(body, how = {}) {
      stillMine();
      while (isBusy()) await ready();
      const before = take();
      const write = () => written(body, how, before);
      return asked(() => (before === nothing ? write() : carrying(write())));
    },
    close(asked) {
      stillMine();
      closings.push(asked);
      remember(asked.entries, []);
      setImmediate(() => void settleOwed());
    },
    async settled() {
      while (!failed && (isBusy() || owed !== nothing)) await settleOwed();
      if (failed) await broken.promise;
    },
    async owed() {
      while (writing) await writing;
      if (failed) return broken.promise;
      const put = closings.splice(0).flatMap((closing) => closing.entries);
      return joined(take(), { ...nothing, entries: put });
    },
    reads: (body) => asked(() => body(database)),
    park(wait, wake) {
      if (wait && !alone) waits.push(wait);
      if (wake !== undefined && !alone) wakes.push(wake);
      active--;
      if (active === 0) settle();
      return new Promise<never>(() => {});
    },
    parkAlone(wait) {
      waits.splice(0, waits.length, wait);
      wakes.length = 0;
      alone = true;
      active = 0;
      settle();
      return new Promise<never>(() => {});
    },
    isAlone: () => active <= 1,
    branch(more) {
      active += more;
      if (active === 0) settle();
    },
  };
}

/** A key in the journal: the step's name and what it is about. */
export function keyOf(step: string, ...rest: readonly string[]): string {
  return [step.replaceAll("%", "%25").replaceAll("/", "%2F"), ...rest].join("/");
}
/** The step that a key belongs to. */
export function stepOf(key: string): string {
  return (key.split("/")[0] ?? "").replaceAll("%2F", "/").replaceAll("%25", "%");
}
