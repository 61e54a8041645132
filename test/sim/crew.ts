/** The processes of a simulation: they die and come again, hear bells or not, and are woken by what is due. */
import type { Intent } from "../../src/core/surface.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Process } from "./process.ts";
import type { Actor, Stage } from "./stage.ts";

export interface Crew {
  open(start: (actor: Actor) => Process, count: number): void;
  died(actor: Actor): void;
  /** One that lives and is awake. */
  any(): Process | undefined;
  ring(from: Actor, deaf: number): void;
  /** Wakes one of them soon after that time. */
  sweep(what: string, due: number | null, wake: (process: Process) => void): void;
  close(): void;
}

/** How late a sweep finds what no bell told, in milliseconds. */
const lateness = [1_000, 2_000, 5_000] as const;

export function crewOf({
  stage,
  chance,
}: {
  readonly stage: Stage;
  readonly chance: Chance;
}): Crew {
  let processes: Process[] = [];
  let begin: (actor: Actor) => Process = () => {
    throw new Error("nobody was told how to start a process");
  };
  let names = 0;
  const sweeps = new Map<string, { readonly at: number; off(): void }>();
  const add = () => {
    const actor: Actor = { name: `p${++names}`, dead: false, asleep: 0, troubled: 0 };
    processes.push(begin(actor));
    stage.say(`${actor.name} starts`);
  };
  const made: Crew = {
    open(start, count) {
      begin = start;
      for (let n = 0; n < count; n++) add();
    },
    died(actor) {
      actor.dead = true;
      processes = processes.filter((one) => one.actor !== actor);
      stage.plan(stage.now() + chance.pick([100, 2_000, 30_000]), "", add);
    },
    any: () => chance.any(processes.filter((one) => one.actor.asleep <= stage.now())),
    ring(from, deaf) {
      for (const one of processes) {
        const mine = one.actor === from;
        if (chance.happens(mine ? deaf : Math.max(0.5, deaf))) continue;
        const late = mine || !chance.happens(deaf) ? 0 : chance.pick(lateness);
        stage.plan(stage.now() + late, "", () => one.look(), one.actor);
      }
    },
    sweep(what, due, wake) {
      const before = sweeps.get(what);
      if (due === null) return;
      const awake = Math.min(...processes.map((one) => one.actor.asleep));
      const soon = Math.max(stage.now() + chance.pick(lateness), awake);
      const at = due <= stage.now() ? soon : Math.max(due, awake);
      if (before && before.at <= at) return;
      before?.off();
      const off = stage.plan(at, "", () => {
        sweeps.delete(what);
        const one = made.any();
        if (one) wake(one);
      });
      sweeps.set(what, { at, off });
    },
    close() {
      for (const { actor } of processes) actor.dead = true;
      processes = [];
    },
  };
  return made;
}

export interface Post {
  say(person: string, said: Intent["said"]): void;
  /** The keys of the events that were acked. */
  readonly acked: ReadonlySet<string>;
  /** How many events were not acked yet. */
  waiting(): number;
}

/** The chat's events: delivered to any process until one acks, and now and then once more. */
export function postOf({
  stage,
  chance,
  crew,
  faults,
}: {
  readonly stage: Stage;
  readonly chance: Chance;
  readonly crew: Crew;
  readonly faults: Faults;
}): Post {
  const acked = new Set<string>();
  const sent = new Set<string>();
  const deliver = (intent: Intent): void => {
    const { key } = intent;
    crew.any()?.hear(intent, () => {
      acked.add(key);
    });
    const again = () => {
      if (!acked.has(key)) deliver(intent);
    };
    stage.plan(stage.now() + 3_000, "", again);
  };
  return {
    acked,
    waiting: () => sent.size - acked.size,
    say(person, said) {
      const key = `e${sent.size + 1}`;
      sent.add(key);
      const at = { surface: "chat", channel: "deploys" };
      const intent: Intent = { key, who: { surface: "chat", id: person }, at, said };
      stage.say(`- ${person}: ${"text" in said ? said.text : `presses ${said.button}`}`);
      deliver(intent);
      while (chance.happens(faults.weather.twice)) {
        const late = chance.pick([0, 10, 500, 60_000]);
        faults.note("an event comes twice");
        stage.plan(stage.now() + late, `${key} again`, () => crew.any()?.hear(intent, () => {}));
      }
    },
  };
}
