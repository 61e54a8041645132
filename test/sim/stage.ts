/**
 * One thing after another: whatever any process of a simulation asks of the outside stands here until its turn comes,
 * and chance says whose turn it is. Time moves only when nothing can go on now.
 *
 * Timers that a process sets (`setTimeout`, `setInterval`, `AbortSignal.timeout`) run in simulated time, so claims are
 * renewed and calls time out as they would; a process that sleeps or died has none.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Chance } from "./chance.ts";

/** A process of the simulation. */
export interface Actor {
  readonly name: string;
  dead: boolean;
  /** It does nothing before. */
  asleep: number;
  /** When the outside last failed it, or it last slept. */
  troubled: number;
}

interface Item {
  readonly actor: Actor | undefined;
  readonly label: string;
  at: number;
  readonly go: () => void | Promise<void>;
}

export interface Stage {
  now(): number;
  /** Does it at that time, when its turn comes. Gives what takes it off again. */
  plan(at: number, label: string, go: Item["go"], actor?: Actor): () => void;
  /** Runs code of that process: its timers are simulated from here on, or (`timers` false) all but time-outs of calls never come. */
  as<T>(actor: Actor, body: () => T, timers?: boolean): T;
  say(line: string): void;
  readonly trace: readonly string[];
  /** Goes on until nothing is left, `until` says so or it took so many turns; `idle` is asked before time moves. Gives the turns. */
  run(until: () => boolean, idle: () => Promise<void>, most: number): Promise<number>;
}

interface Scene {
  readonly stage: Inner;
  readonly actor: Actor;
  /** Whether its timers count at all. */
  readonly timers: boolean;
}
interface Inner extends Stage {
  remove(item: Item): void;
  add(item: Item): void;
}
const scenes = new AsyncLocalStorage<Scene>();
const immediately = setImmediate;

/** `moved` is told of each new time before anything happens in it. */
export function openStage(
  chance: Chance,
  began: number,
  moved: (now: number) => Promise<unknown>,
): Stage {
  let now = began;
  let items: Item[] = [];
  const trace: string[] = [];
  const due = (item: Item): number => Math.max(item.at, item.actor?.asleep ?? 0);
  const stage: Inner = {
    now: () => now,
    trace,
    say: (line) => void trace.push(`${((now - began) / 1_000).toFixed(3).padStart(12)} s  ${line}`),
    add: (item) => void items.push(item),
    remove(item) {
      const at = items.indexOf(item);
      if (at >= 0) items.splice(at, 1);
    },
    plan(at, label, go, actor) {
      const item: Item = { at, label, go, actor };
      items.push(item);
      return () => stage.remove(item);
    },
    as: (actor, body, timers = true) => scenes.run({ stage, actor, timers }, body),
    async run(until, idle, most) {
      for (let turn = 0; ; turn++) {
        if (turn >= most) return turn;
        await rest();
        if (items.some((item) => item.actor?.dead))
          items = items.filter((item) => !item.actor?.dead);
        let ready = items.filter((item) => due(item) <= now);
        if (ready.length === 0) {
          if (until()) return turn;
          await idle();
          const next = Math.min(...items.map(due));
          if (next === Number.POSITIVE_INFINITY) return turn;
          if (next > now) {
            now = next;
            await moved(now);
          }
          ready = items.filter((item) => due(item) <= now);
        }
        const item = ready[chance.below(ready.length)];
        if (!item) continue;
        stage.remove(item);
        if (item.label !== "") stage.say(`${item.actor?.name ?? "-"} ${item.label}`);
        await item.go();
      }
    },
  };
  return stage;
}

/** Lets every process come to its next call: the engine itself waits for no more than one turn of the loop at a time. */
async function rest(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise<void>((resolve) => immediately(resolve));
}

/** What a simulated timer is to the code that set it. */
class Timer {
  readonly #off: () => void;
  constructor(off: () => void) {
    this.#off = off;
  }
  clear(): void {
    this.#off();
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** Puts timers in simulated time for code that runs on a stage; for all else they stay as they are. Gives the way back. */
export function simulateTimers(): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    now: performance.now,
    after: AbortSignal.timeout,
  };
  const set = (
    go: () => void,
    every: number,
    repeats: boolean,
    always = false,
  ): Timer | undefined => {
    const scene = scenes.getStore();
    if (!scene) return undefined;
    const { stage, actor, timers } = scene;
    if (!timers && !always) return new Timer(() => {});
    const item: Item = {
      actor,
      label: "",
      at: stage.now() + every,
      go() {
        if (repeats) {
          item.at = stage.now() + every;
          stage.add(item);
        }
        scenes.run(scene, go);
      },
    };
    stage.add(item);
    return new Timer(() => {
      item.at = Number.POSITIVE_INFINITY;
      stage.remove(item);
    });
  };
  const clearing = (clear: (timer: never) => void) => (timer: unknown) =>
    timer instanceof Timer ? timer.clear() : clear(timer as never);
  Object.assign(globalThis, {
    setTimeout: (go: () => void, wait = 0, ...more: unknown[]) =>
      set(() => Reflect.apply(go, undefined, more), wait, false) ??
      Reflect.apply(real.setTimeout, undefined, [go, wait, ...more]),
    setInterval: (go: () => void, wait = 0, ...more: unknown[]) =>
      set(() => Reflect.apply(go, undefined, more), wait, true) ??
      Reflect.apply(real.setInterval, undefined, [go, wait, ...more]),
    clearTimeout: clearing(real.clearTimeout),
    clearInterval: clearing(real.clearInterval),
  });
  performance.now = () => scenes.getStore()?.stage.now() ?? real.now.call(performance);
  AbortSignal.timeout = (wait) => {
    const late = new AbortController();
    const says = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    const timer = set(() => late.abort(says), wait, false, true);
    return timer ? late.signal : real.after.call(AbortSignal, wait);
  };
  return () => {
    const { now, after, ...timers } = real;
    Object.assign(globalThis, timers);
    performance.now = now;
    AbortSignal.timeout = after;
  };
}
