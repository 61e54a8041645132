/**
 * Makes the world what the state says, step by step; each step may be the last before a crash.
 * A process is recorded before it is started, so that a later life finds it by its instance and never
 * starts a second one. What serves goes on serving until the next one is healthy. A process that serves
 * and dies is started again, each time after a longer pause; one that dies before it ever served is not.
 */
import { refusedToStart, stayedUnhealthy, whyEnded } from "./deaths.ts";
import { askHealth, type Health, notListening } from "./health.ts";
import type { Keeper } from "./keeper.ts";
import { lastLines, tidy } from "./log-file.ts";
import type { Fate, Processes } from "./process.ts";
import type { Process, Serving } from "./state.ts";

export interface Limits {
  /** How long a process may take until something listens on its port, in milliseconds: a busy machine starts slowly. */
  readonly listen: number;
  /** How long a release that listens may take to become healthy, in milliseconds. */
  readonly healthy: number;
  /** How long a process may take to end its requests, and again to stop, in milliseconds. */
  readonly stop: number;
  /** How often what serves is asked for its health, in milliseconds. */
  readonly watch: number;
}

export interface Supervising {
  readonly keeper: Keeper;
  readonly processes: Processes;
  readonly limits: Limits;
  readonly now: () => number;
  readonly log: (says: string) => void;
  readonly main: (version: string) => string;
}

export interface Supervisor {
  /** Does what can be done now. Gives the milliseconds after which it wants to be called again. */
  turn(): Promise<number>;
}

export function supervisor(parts: Supervising): Supervisor {
  const { keeper, processes, limits, now, log } = parts;
  const { state, put, name } = keeper;
  /** When a process was asked to end, by instance. */
  const asked = new Map<
    string,
    { readonly since: number; readonly sent: "" | "SIGTERM" | "SIGKILL" }
  >();

  /** Since when something listens on the port of a process, by instance, in this life. */
  const listening = new Map<string, number>();

  /** Starts the process unless it was started; gives what has become of it. */
  async function started(process: Process): Promise<Fate> {
    const fate = await processes.fate(process, keeper.logOf(process));
    if (fate.is === "new") {
      log(`starting ${name} ${process.version} (process ${process.n})`);
      const pid = processes.start(process, parts.main(process.version), keeper.logOf(process));
      log(`started ${name} ${process.version} (pid ${pid})`);
      record(process, pid, now());
      return { is: "alive", pid };
    }
    if (fate.is === "alive" && process.pid === null) record(process, fate.pid, process.started);
    return fate;
  }

  /** Wherever it stands by now: an effect may have moved it meanwhile. */
  function record({ instance }: Process, pid: number, started: number): void {
    const { serving, candidate, leaving } = state();
    const known = <P extends Process | null>(one: P): P =>
      one?.instance === instance ? { ...one, pid, started } : one;
    put({
      serving: serving && { ...serving, process: known(serving.process) },
      candidate: known(candidate),
      leaving: leaving.map(known),
    });
  }

  function forget(process: Process): void {
    processes.forget(process);
    asked.delete(process.instance);
    keeper.health.delete(process.instance);
    listening.delete(process.instance);
  }

  async function health(process: Process): Promise<Health> {
    const answer = await askHealth(process);
    keeper.health.set(process.instance, answer);
    const listens = answer.healthy || answer.says !== notListening;
    if (listens && !listening.has(process.instance)) listening.set(process.instance, now());
    return answer;
  }

  function leave(process: Process): Process[] {
    return [...state().leaving, process];
  }

  function end(release: { readonly uid: string }, ending: { why: string; log: string[] } | "good") {
    return state().releases.map((one) => {
      if (one.uid !== release.uid) return one;
      const ended = { ...one, anew: false };
      if (ending === "good") return { ...ended, state: "good" as const };
      return { ...ended, state: "bad" as const, ...ending };
    });
  }

  async function bring(): Promise<number> {
    const [release] = state().releases;
    const { serving, candidate } = state();
    const wanted = release?.state === "going" ? release : undefined;
    if (candidate && candidate.version !== wanted?.version) {
      put({ candidate: null, leaving: leave(candidate) });
      return 0;
    }
    if (!wanted) return never;
    if (serving?.process && serving.version === wanted.version && !wanted.anew) {
      const { healthy } = await health(serving.process);
      if (state().releases[0]?.uid !== wanted.uid) return 0;
      if (healthy && state().serving?.process?.instance === serving.process.instance) {
        const leaving = candidate ? leave(candidate) : state().leaving;
        put({ releases: end(wanted, "good"), candidate: null, leaving });
        return 0;
      }
    }
    if (!candidate) {
      const process = await keeper.planned(wanted.version);
      if (state().releases[0]?.uid !== wanted.uid) return 0;
      put({ candidate: process, processes: process.n });
      log(`recorded process ${process.n} of ${name}`);
      return 0;
    }
    return judge(candidate, wanted);
  }

  async function judge(candidate: Process, wanted: { readonly uid: string }): Promise<number> {
    const fate = await started(candidate);
    const answer = fate.is === "alive" ? await health(candidate) : undefined;
    const current = state().candidate;
    if (state().releases[0]?.uid !== wanted.uid || current?.instance !== candidate.instance)
      return 0;
    const age = now() - candidate.started;
    const written = () => lastLines(keeper.logOf(candidate), 10);
    if (answer?.healthy) promote(current, wanted);
    else if (fate.is === "ended") {
      const why = refusedToStart(candidate.version, fate, age);
      log(`${name}: ${why}`);
      put({ releases: end(wanted, { why, log: written() }), candidate: null });
      forget(candidate);
    } else if (answer && isLate(candidate)) {
      const { healthy, listen } = limits;
      const limit = listening.has(candidate.instance) ? healthy : listen;
      const why = stayedUnhealthy(candidate.version, limit, answer.says);
      log(`${name}: ${why}`);
      const ending = { why, log: written() };
      put({ releases: end(wanted, ending), candidate: null, leaving: leave(candidate) });
    } else return age < 2_000 ? 25 : 100;
    return 0;
  }

  function isLate({ instance, started }: Process): boolean {
    const since = listening.get(instance);
    return since === undefined ? now() - started > limits.listen : now() - since > limits.healthy;
  }

  function promote(process: Process, wanted: { readonly uid: string }): void {
    const old = state().serving?.process;
    const fresh = { restarts: 0, deaths: 0, next: 0, why: "" };
    log(`${name} ${process.version} is healthy`);
    put({
      releases: end(wanted, "good"),
      serving: { version: process.version, process, ...fresh },
      candidate: null,
      leaving: old ? leave(old) : state().leaving,
    });
    keeper.opened()?.to(process.port);
    log(`${name} is served by ${process.version}`);
  }

  async function keepUp(): Promise<number> {
    const { serving } = state();
    keeper.opened()?.to(serving?.process?.port ?? null);
    if (!serving) return never;
    const { process } = serving;
    if (!process) return startAgain(serving);
    const fate = await started(process);
    const same = () => state().serving?.process?.instance === process.instance;
    if (!same()) return 0;
    if (fate.is === "ended") {
      const deaths = serving.deaths + 1;
      const why = whyEnded(serving.version, fate);
      log(`${name}: ${why}`);
      put({
        serving: { ...serving, process: null, deaths, next: now() + pauseAfter(deaths), why },
      });
      forget(process);
      return 0;
    }
    const { healthy } = await health(process);
    const now1 = state().serving;
    if (healthy && same() && now1 && now1.deaths > 0 && now() - process.started > calm)
      put({ serving: { ...now1, deaths: 0, why: "" } });
    return healthy ? limits.watch : 100;
  }

  async function startAgain(serving: Serving): Promise<number> {
    const wait = serving.next - now();
    if (wait > 0) return wait;
    const process = await keeper.planned(serving.version);
    const current = state().serving;
    if (!current || current.process || current.version !== serving.version) return 0;
    const restarts = serving.restarts + (serving.why === "" ? 0 : 1);
    put({ serving: { ...current, process, restarts }, processes: process.n });
    return 0;
  }

  async function seeOff(): Promise<number> {
    for (const process of state().leaving) {
      const fate = await processes.fate(process, keeper.logOf(process));
      if (fate.is !== "alive") {
        put({ leaving: state().leaving.filter((one) => one.instance !== process.instance) });
        forget(process);
        log(`${name} ${process.version} has stopped (process ${process.n})`);
      } else await ask(process);
    }
    return state().leaving.length === 0 ? never : 50;
  }

  /** SIGTERM once its requests are answered, SIGKILL after a grace. */
  async function ask(process: Process): Promise<void> {
    const { since, sent } = asked.get(process.instance) ?? { since: now(), sent: "" };
    asked.set(process.instance, { since, sent });
    const waited = now() - since;
    const busy = (keeper.opened()?.busy(process.port) ?? 0) > 0 && waited < limits.stop;
    if (sent === "" && !busy) {
      asked.set(process.instance, { since: now(), sent: "SIGTERM" });
      await processes.signal(process, "SIGTERM");
    } else if (sent === "SIGTERM" && waited > limits.stop) {
      asked.set(process.instance, { since, sent: "SIGKILL" });
      await processes.signal(process, "SIGKILL");
    }
  }

  return {
    async turn() {
      if (state().releases.length > 0) await keeper.front();
      else if (keeper.opened()) await keeper.closeFront();
      const waits = [await keepUp(), await bring(), await seeOff()];
      tidy(keeper.logs);
      return Math.min(...waits);
    },
  };
}

const never = Number.POSITIVE_INFINITY;
/** After so many milliseconds up, earlier deaths no longer count. */
const calm = 60_000;

/** At once, then after 1, 2, 4 … at most 30 s. */
function pauseAfter(deaths: number): number {
  return deaths === 1 ? 0 : Math.min(30_000, 1_000 * 2 ** (deaths - 2));
}
