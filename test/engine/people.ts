/** What people and the outside do in a scenario, seen from durable state only. */
import { z } from "zod";
import type { Runs } from "../../src/core/command.ts";
import type { Person } from "../../src/core/person.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { FormNeeded } from "../../src/engine/runs.ts";
import type { Database } from "../../src/store/database.ts";
import { Waits } from "../../src/store/runs.ts";
import type { World } from "./world/world.ts";

export const ada: Person = { id: "ada", name: "Ada" };
export const grace: Person = { id: "grace", name: "Grace" };
export const linus: Person = { id: "linus", name: "Linus" };
export const mallory: Person = { id: "mallory", name: "Mallory" };

const RunRow = z.object({
  id: z.string(),
  number: z.number(),
  workflow: z.string(),
  parent: z.string().nullable(),
  by: z.string(),
  state: z.string(),
  says: z.string(),
  output: z.json(),
  waits: z.array(Waits).nullable(),
  ended: z.boolean(),
  cancelled: z.boolean(),
});
export type RunRow = z.output<typeof RunRow>;
const PlanRow = z.object({
  run: z.string(),
  number: z.number(),
  step: z.string(),
  digest: z.string(),
  state: z.string(),
  why: z.string().nullable(),
});
export type PlanRow = z.output<typeof PlanRow>;
const VoteRow = z.object({
  run: z.string(),
  digest: z.string(),
  person: z.string(),
  vote: z.string(),
  withdrawn: z.boolean(),
});
export type VoteRow = z.output<typeof VoteRow>;
const PressRow = z.object({ run: z.string(), wait: z.string(), button: z.string() });
export type PressRow = z.output<typeof PressRow>;

/** Reads what survives a crash. */
export interface Seen {
  runs(): Promise<readonly RunRow[]>;
  plans(): Promise<readonly PlanRow[]>;
  votes(): Promise<readonly VoteRow[]>;
  presses(): Promise<readonly PressRow[]>;
}

export function seen(database: Database): Seen {
  return {
    runs: () =>
      database.query(
        RunRow,
        `SELECT id, number, workflow, parent, by_person AS by, state, says, output, waits,
           ended_at IS NOT NULL AS ended, cancel IS NOT NULL AS cancelled
         FROM shipmate.runs ORDER BY number`,
      ),
    plans: () =>
      database.query(
        PlanRow,
        `SELECT p.run, r.number, p.step, p.digest, p.state, p.why
         FROM shipmate.plans p JOIN shipmate.runs r ON r.id = p.run ORDER BY p.id`,
      ),
    votes: () =>
      database.query(
        VoteRow,
        `SELECT run, digest, person, vote, withdrawn_at IS NOT NULL AS withdrawn
         FROM shipmate.votes ORDER BY id`,
      ),
    presses: () =>
      database.query(PressRow, "SELECT run, wait, button FROM shipmate.presses ORDER BY id"),
  };
}

/** Each act answers whether it did something; a refusal is kept in `refusals` and counts as nothing done. */
export interface People extends Seen {
  readonly world: World;
  /** Hours since the scenario began. */
  readonly hours: number;
  /** Sentences that somebody got instead of what they wanted. */
  readonly refusals: readonly string[];
  /** Votes yes on every open plan on which this person has no vote yet. */
  approve(by?: Person): Promise<boolean>;
  /** Votes on the first open plan, even where this person did before. `digest`: on another than the plan's. */
  vote(vote: "yes" | "no" | "withdraw", by: Person, digest?: string): Promise<boolean>;
  /** Presses the button wherever a run waits for it, at most `times` in all. */
  press(button: string, form?: unknown, times?: number): Promise<boolean>;
  /** Another process takes over, with the code that is on disk now. */
  restart(): void;
  /** Asks for a cancel of the first run, once. */
  cancel(by?: Person): Promise<boolean>;
}

export function people(
  database: Database,
  parts: {
    readonly world: World;
    readonly hours: () => number;
    readonly restart: () => void;
    readonly refusals: string[];
    readonly runs: (person: Person) => Runs;
  },
): People {
  const see = seen(database);
  const tell = async (act: () => Promise<unknown>): Promise<boolean> => {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof FormNeeded)) throw error;
      parts.refusals.push(error.message);
      return false;
    }
  };
  const open = async () => (await see.plans()).filter((plan) => plan.state === "open");
  return {
    ...see,
    world: parts.world,
    restart: parts.restart,
    refusals: parts.refusals,
    get hours() {
      return parts.hours();
    },
    async approve(by = grace) {
      const votes = await see.votes();
      const cast = (plan: PlanRow) =>
        votes.some((v) => v.run === plan.run && v.digest === plan.digest && v.person === by.id);
      const wanted = (await open()).filter((plan) => !cast(plan));
      let done = false;
      for (const plan of wanted) {
        const runs = parts.runs(by);
        const vote = () => runs.vote(String(plan.number), plan.digest.slice(0, 8), "yes");
        done = (await tell(vote)) || done;
      }
      return done;
    },
    async vote(vote, by, digest) {
      const [plan] = await open();
      if (!plan) return false;
      const digits = (digest ?? plan.digest).slice(0, 8);
      return tell(() => parts.runs(by).vote(String(plan.number), digits, vote));
    },
    async press(button, form, times = 1) {
      const presses = await see.presses();
      if (presses.filter((p) => p.button === button).length >= times) return false;
      for (const run of await see.runs()) {
        const wait = (run.waits ?? []).find((w) => w.buttons?.some((b) => b.name === button));
        if (run.ended || !wait) continue;
        if (presses.some((p) => p.run === run.id && p.wait === wait.wait)) continue;
        return tell(() => parts.runs(ada).press(String(run.number), button, form));
      }
      return false;
    },
    async cancel(by = ada) {
      const [run] = await see.runs();
      if (!run || run.ended || run.cancelled) return false;
      return tell(() => parts.runs(by).cancel(String(run.number)));
    },
  };
}
