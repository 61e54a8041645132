/**
 * The engine: starts runs, claims what is due and drives it.
 *
 * Clock, ids and chance come in as arguments: time is the database's (`shipmate.now()`), ids come from `id`.
 * `turn` does all that is due and comes back (tests, simulations); `work` keeps doing it until `close`.
 */
import type { Runs } from "../core/command.ts";
import type { Target } from "../core/operation.ts";
import type { Person } from "../core/person.ts";
import type { Place } from "../core/surface.ts";
import type { Meter } from "../observe/meter.ts";
import type { Deed } from "../store/audit.ts";
import {
  type Claim,
  claimRung,
  claimRuns,
  forgiveTries,
  nextDue,
  suspect,
} from "../store/claims.ts";
import type { Database, Sql } from "../store/database.ts";
import type { Limit } from "../store/locks.ts";
import { insertRun } from "../store/runs.ts";
import { type DriveState, readStates } from "../store/snapshot.ts";
import { together } from "../store/together.ts";
import { asJson } from "./acts.ts";
import type { Accounts } from "./changing.ts";
import { sha256 } from "./digest.ts";
import { type Doorbell, inProcess } from "./doorbell.ts";
import { type DriveParts, drive } from "./drive.ts";
import { hurryOf } from "./hurry.ts";
import { type Operations, operations, type Served } from "./operations.ts";
import type { PlanPolicy } from "./policy.ts";
import type { AnyWorkflow } from "./replay.ts";
import { type Rung, type RunsParts, runsFor, type VotePolicy } from "./runs.ts";

export interface EngineParts {
  readonly database: Database;
  readonly served: readonly Served[];
  readonly workflows: readonly AnyWorkflow[];
  readonly policy: PlanPolicy;
  /** Whether somebody may cancel, press or vote, with the sentence that says why not. */
  readonly votes?: VotePolicy;
  readonly nameOf?: (person: string) => string;
  /** Where a run that changes these is shown, besides where it was asked for. */
  readonly rooms?: (targets: readonly Target[]) => readonly Place[];
  /** How much may be carried out at once of what these are part of; as much as comes unless told. */
  readonly limits?: (targets: readonly Target[]) => readonly Limit[];
  /** The accounts by which these people are called, by surface; nobody is called unless told. */
  readonly accountsOf?: (people: readonly string[]) => Accounts;
  /** The hash of what the workflows are made of: processes with another one may fit a run that this one does not. */
  readonly code?: string;
  /** Fresh ids: tests give a counter. */
  readonly id: () => string;
  /** Called after each commit that may have changed a run's card. */
  readonly changed?: (run: string) => void;
  readonly doorbell?: Doorbell;
  readonly meter?: Meter;
  /** How long drives under way may go on at the end, to come to where they wait, in milliseconds (0). */
  readonly grace?: number;
  /** A drive that broke: the database was away, or a fault of ours. */
  readonly troubled?: (error: unknown, run: string) => void;
}

export interface NewStart {
  /** The same id a second time starts nothing: an intent that is handled again has the same. */
  readonly id?: string;
  readonly workflow: string;
  readonly input: unknown;
  readonly by: Person;
  /** Where its card is posted. */
  readonly at?: Place;
  /** What the audit tells of it. */
  readonly audit?: Deed;
  /** A power cut may lose it (`soft` in the store). */
  readonly soft?: boolean;
}

export interface Engine {
  readonly operations: Operations;
  /** Inserts the run and its cards in one statement; `ring` it once that is committed. */
  start(sql: Sql, start: NewStart): Promise<string>;
  workflow(name: string): AnyWorkflow | undefined;
  /** These runs may have something to do. */
  ring(runs: readonly string[]): void;
  /** Drives every run that is due until none is; gives when the next is due by the database's clock, or undefined. */
  turn(): Promise<number | undefined>;
  /** Keeps driving what is due, `at most` so many side by side, until `close`; a few more where somebody waits. */
  work(atMost?: number): void;
  /** What one person may do with runs. */
  runs(person: Person, surface: string, more?: Pick<RunsParts, "again" | "also">): Runs;
  close(): Promise<void>;
}

/** What was claimed goes on first, before anybody asks for more, in milliseconds. */
const breath = 10;
/** The longest sleep between two looks for what is due, in milliseconds: finds what no doorbell told. */
const sweep = 5_000;
/** The least time between two looks while every place is taken, in milliseconds. */
const whileFull = 25;
/** While so many are driven, what is due is claimed together after so many milliseconds: then they read and write together. */
const many = 4;
const apart = 20;
/** Places besides, for what somebody waits for: a vote, a click, a rollback is never behind slow runs. */
const besides = 8;

/** What was claimed, and what stands there of some of it. */
interface Claimed {
  readonly claims: readonly Claim[];
  readonly states: ReadonlyMap<string, DriveState>;
}
const none: Claimed = { claims: [], states: new Map() };

export function createEngine(parts: EngineParts): Engine {
  const { database } = parts;
  const doorbell = parts.doorbell ?? inProcess();
  const workflows = new Map(parts.workflows.map((workflow) => [workflow.name, workflow]));
  const hashes = new Map<AnyWorkflow, string>();
  const closing = new AbortController();
  const driving = new Set<Promise<unknown>>();
  /** Runs of claims that came to nothing, while this process lives on. */
  const lived = new Set<string>();
  /** Whether one is driven that ended several processes, or seemed to. */
  let suspected = false;
  let limit = 0;
  let timer: NodeJS.Timeout | undefined;
  let stirring: NodeJS.Timeout | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  let looking = false;
  let again = false;
  let claiming: Promise<Claimed> = Promise.resolve(none);
  /** Acts that may claim the run that they are about. */
  const beginning = new Set<Promise<void>>();
  /** Runs that may have something to do, since it was last looked for. */
  const rung = new Set<string>();

  const hashOf = (workflow: AnyWorkflow): string => {
    const known = hashes.get(workflow);
    if (known !== undefined) return known;
    const hash = sha256([workflow.name, String(workflow.run), String(workflow.title)]);
    hashes.set(workflow, hash);
    return hash;
  };
  const code = parts.code ?? sha256(parts.workflows.map(hashOf));
  const ring = (runs: readonly string[]) => {
    if (runs.length === 0) return;
    for (const run of runs) doorbell.ring(run);
    if (limit === 0) return;
    for (const run of runs) if (rung.size < limit) rung.add(run);
    stir();
  };
  const driveParts: DriveParts = {
    ...{
      database,
      together: together(database),
      workflows,
      hashOf,
      code,
      ring,
      policy: parts.policy,
    },
    operations: operations(parts.served, parts.meter),
    meter: parts.meter,
    nameOf: parts.nameOf ?? ((person) => person),
    accountsOf: parts.accountsOf ?? (() => ({})),
    limits: parts.limits ?? (() => []),
    changed: parts.changed ?? (() => {}),
    lived: (run) => void lived.add(run),
  };

  const forgive = async (): Promise<void> => {
    const runs = [...lived];
    await forgiveTries(database, runs);
    for (const run of runs) lived.delete(run);
  };
  const begin = (claim: Claim, asked: number, state: DriveState | undefined): void => {
    const isSuspect = claim.tries > suspect;
    if (isSuspect) suspected = true;
    const drove = drive(driveParts, claim, { closing: closing.signal, asked, state })
      .catch((error: unknown) => parts.troubled?.(error, claim.id))
      .finally(() => {
        driving.delete(drove);
        if (isSuspect) suspected = false;
        stir();
      });
    driving.add(drove);
  };
  const beginAll = ({ claims, states }: Claimed, asked: number): void => {
    for (const claim of claims) begin(claim, asked, states.get(claim.id));
  };
  const untilDue = async (): Promise<number> => {
    const { now, due } = await nextDue(database, code);
    return due === null ? sweep : Math.min(sweep, Math.max(20, due - now));
  };

  /** One run, in the transaction that rings it: where hardly anything is under way, nobody else is before it. */
  const claimNow = async (sql: Sql, run: string): Promise<Claimed> => {
    const others = driving.size + beginning.size - 1;
    if (others >= Math.min(many, limit) || closing.signal.aborted) return none;
    const [claim, states] = await Promise.all([claimRung(sql, run, code), readStates(sql, [run])]);
    return { claims: claim ? [claim] : [], states };
  };
  /** With what stands there of those that were rung here: mostly these are the ones that are claimed. */
  const claim = async (room: number): Promise<Claimed> => {
    const isFull = room <= 0;
    const most = isFull ? room + besides : room;
    if (limit === 0 || closing.signal.aborted || most <= 0) return none;
    const likely = [...rung].slice(0, most);
    rung.clear();
    return database.transaction(async (sql, last) => {
      last();
      const [claims, states] = await Promise.all([
        claimRuns(sql, most, { suspects: !suspected, code, urgent: isFull }),
        likely.length > 0 ? readStates(sql, likely) : none.states,
      ]);
      return { claims, states };
    });
  };

  /** Claims what is due where there is room, then sleeps until the next is; whoever ends or rings wakes it. */
  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    looked = performance.now();
    clearTimeout(timer);
    clearTimeout(stirring);
    stirring = undefined;
    let wait = sweep;
    let pause = driving.size < many ? 0 : apart;
    try {
      again = false;
      await forgive();
      const room = limit - driving.size;
      const asked = performance.now();
      claiming = claim(room);
      const { claims, states } = await claiming;
      beginAll({ claims, states }, asked);
      if (room <= 0) pause = whileFull;
      if (claims.length > 0) wait = Math.max(breath, pause);
      else if (room > 0) wait = await untilDue();
    } catch (error) {
      if (!closing.signal.aborted) parts.troubled?.(error, "");
      wait = 1_000;
    } finally {
      looking = false;
      if (!closing.signal.aborted && limit > 0) {
        timer = setTimeout(() => void look(), again ? pause : wait);
      }
    }
  };

  /** Something may be due. */
  const stir = (): void => {
    const left = driving.size < many ? 0 : looked + apart - performance.now();
    if (looking || left <= 0) void look();
    else stirring ??= setTimeout(() => void look(), left);
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    limit = 0;
    clearTimeout(timer);
    clearTimeout(stirring);
    await Promise.allSettled([claiming, ...beginning]);
    if (parts.grace) await soon(Promise.allSettled(driving), parts.grace);
    closing.abort();
    await Promise.allSettled(driving);
    await doorbell.close();
  };

  return {
    operations: driveParts.operations,
    workflow: (name) => workflows.get(name),
    async start(sql, { id = parts.id(), workflow: name, input, by, at, ...more }) {
      const workflow = workflows.get(name);
      if (!workflow) throw new Error(`no workflow is named "${name}"`);
      const parsed = workflow.input.parse(input);
      const title = workflow.title(parsed as never);
      const hash = hashOf(workflow);
      const hurry = hurryOf(workflow);
      const run = { id, workflow: name, hash, input: asJson(parsed), title, by: by.id, hurry };
      const targets = workflow.on?.(parsed as never) ?? [];
      const places = placesOf(at, parts.rooms?.(targets) ?? []);
      const roots = places.map((at) => ({ id: sha256([id, at]).slice(0, 20), at }));
      await insertRun(sql, run, { ...more, roots, targets });
      return id;
    },
    ring,
    async turn() {
      for (;;) {
        const asked = performance.now();
        const [claim] = await claimRuns(database, 1, { code });
        if (!claim) break;
        await drive(driveParts, claim, { closing: closing.signal, asked });
      }
      const { due } = await nextDue(database, code);
      return due ?? undefined;
    },
    work(atMost = 32) {
      limit = atMost;
      doorbell.listen(stir);
      void look();
    },
    runs: (person, surface, more = {}) => {
      const votes = parts.votes;
      const { nameOf } = driveParts;
      const rules = votes && { votes };
      const rings = async <R>(act: (rung: Rung) => Promise<R>): Promise<R> => {
        let [asked, run, claimed] = [0, "", none];
        const acting = act(async (sql, rung) => {
          [asked, run] = [performance.now(), rung];
          claimed = await claimNow(sql, rung);
        });
        const begun = acting.then(
          () => beginAll(claimed, asked),
          () => {}, // refused, or lost: whoever acts hears of it
        );
        beginning.add(begun);
        const gave = await acting.finally(() => beginning.delete(begun));
        if (claimed.claims.length === 0) ring([run]);
        driveParts.changed(run);
        return gave;
      };
      return runsFor({ database, nameOf, person, surface, rings, ...rules, ...more });
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** Waits for it, but not for longer than so many milliseconds. */
async function soon(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, milliseconds);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}

/** Where it was asked for, and each room once. A thread of a room's channel counts as the room. */
function placesOf(at: Place | undefined, rooms: readonly Place[]): readonly Place[] {
  const isOther = ({ surface, channel }: Place) =>
    surface !== at?.surface || channel !== at.channel;
  return [...(at ? [at] : []), ...rooms.filter(isOther)];
}
