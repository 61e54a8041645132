/** Workflows: ordinary TypeScript that sees only its input and five steps, and is replayed from its journal. */
import type { z } from "zod";
import type { Card, Say } from "./card.ts";
import type { Act, Effect, Gives, Look, Target, Until } from "./operation.ts";
import type { Person } from "./person.ts";
import type { Instant, Time } from "./time.ts";

/** A change that was carried out. */
export interface Done {
  readonly at: Instant;
  /** The operation's result. Refuses where `each` took it back. */
  of<R>(op: Effect<R> | Until<R>): R;
  /** Whether the operation was done and not taken back. */
  went(op: Effect | Until): boolean;
  /** What takes this change back, as data for a later change. */
  readonly undo: readonly Act[];
}

/** A button on the run's card; pressing it goes through the door, with policy. */
export interface Press<F = unknown> extends Gives<F> {
  readonly label: string;
  readonly danger?: boolean;
  readonly form?: z.ZodType<F>;
}
export function press(label: string, options?: { danger?: boolean }): Press<undefined>;
export function press<F>(
  label: string,
  options: { danger?: boolean; form: z.ZodType<F> },
): Press<F>;
export function press(label: string, options: object = {}): Press {
  return { label, ...options };
}

/** A look that ends a wait once its result passes `test`. */
export interface When<R = unknown> extends Gives<R> {
  readonly look: Look<R>;
  readonly test: (result: never) => boolean;
}
export function when<R>(look: Look<R>, test: (result: R) => boolean): When<R> {
  return { look, test };
}

/** Time, looks and buttons raced. Looks are asked `every` (one hour unless told). */
export interface Wait {
  readonly until?: Instant;
  readonly for?: Time;
  readonly every?: Time;
  readonly when?: { readonly [name: string]: When };
  readonly press?: { readonly [name: string]: Press };
}
type Out<T> = T extends Gives<infer R> ? R : never;
/** What ended a wait. */
export type Outcome<W extends Wait> =
  | (W extends { for: Time } | { until: Instant }
      ? { readonly is: "time"; readonly at: Instant }
      : never)
  | {
      [K in keyof W["when"] & string]: {
        readonly is: K;
        readonly at: Instant;
        readonly saw: Out<NonNullable<W["when"]>[K]>;
      };
    }[keyof W["when"] & string]
  | {
      [K in keyof W["press"] & string]: {
        readonly is: K;
        readonly at: Instant;
        readonly by: Person;
        readonly form: Out<NonNullable<W["press"]>[K]>;
      };
    }[keyof W["press"] & string];

/** The five steps. A name is unique in its run; every step must be awaited. */
export interface Step {
  /** Reads once; a replay gets the same answer. */
  look<R>(name: string, op: Look<R>): Promise<R>;
  /** One change: one plan, one approval, one lock, one undo. A Refusal means that it was taken back. */
  change(name: string, acts: readonly Act[]): Promise<Done>;
  /** Parks until time, a look or a button. Holds no lock and no lease. */
  wait<const W extends Wait>(name: string, wait: W): Promise<Outcome<W>>;
  /** A line in the card's thread. */
  note(name: string, says: string | Card): Promise<void>;
  /** A child run with a plan, votes, a lock and a card of its own. Its bad end is a Refusal here. */
  run<I, O>(name: string, workflow: Workflow<I, O>, input: I): Promise<O>;
}

declare const takes: unique symbol;
/** `I` is what one may give, before defaults. */
export interface Workflow<I = never, O = unknown> extends Gives<O> {
  readonly [takes]?: (input: I) => void;
  readonly name: string;
  readonly input: z.ZodType;
  /** The card's title: `Deploy web 1.4.2 to production`. */
  title(input: never): string;
  /** The sentence of success: `web 1.4.2 runs in production.` */
  done?(input: never, output: never): string;
  /** What it changes as far as its input tells, so that somebody without the right is told at once. */
  on?(input: never): readonly Target[];
  /** Buttons of the card once it succeeded: `Roll back`. */
  next?(input: never, output: never): readonly Say[];
  /** Why a mere "retry" does not start it again, and what to say instead. */
  noRetry?(input: never): string;
  /** `first`: goes before others that wait for their turn or for the same target, like a rollback; `last`: after them. */
  readonly hurry?: "first" | "last";
  run(step: Step, input: never): Promise<O>;
}
export function defineWorkflow<S extends z.ZodType, O = void>(workflow: {
  name: string;
  input: S;
  title(input: z.output<S>): string;
  done?(input: z.output<S>, output: O): string;
  on?(input: z.output<S>): readonly Target[];
  next?(input: z.output<S>, output: O): readonly Say[];
  noRetry?(input: z.output<S>): string;
  hurry?: "first" | "last";
  run(step: Step, input: z.output<S>): Promise<O>;
}): Workflow<z.input<S>, O> {
  return workflow;
}
