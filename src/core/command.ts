/** Commands: what people, buttons, events and the clock can say. All go through one door. */
import { z } from "zod";
import type { Card, Choice, Say } from "./card.ts";
import type { Look, Stream, Target } from "./operation.ts";
import type { Person } from "./person.ts";
import type { Build, EventSpec } from "./role.ts";
import type { Workflow } from "./workflow.ts";

/** What a command answers: a card, the run it started, or lines that keep coming. */
export type Reply =
  | Card
  | { readonly run: string }
  | { readonly title: string; readonly lines: Stream<{ readonly text: string }> };

/** A run, briefly. */
export interface RunView {
  readonly id: string;
  /** The number that people use: `run 41`. */
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly says: string;
  readonly by: Person;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The first 8 hex digits of what may be approved now. */
  readonly digest?: string;
}

/** One place in a line: who holds a target, or waits for it. */
export interface InLine {
  /** `web in production`, or the team that may carry out only so much at once. */
  readonly what: string;
  readonly run: number;
  readonly title: string;
  readonly by: Person;
  /** 0: it is under way there; 1: next. */
  readonly place: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What a command may do with runs. `run` is a number or an id; a wrong one is refused with the nearest right one. */
export interface Runs {
  open(of?: Target): Promise<readonly RunView[]>;
  list(query: {
    readonly of?: Target;
    readonly ended?: boolean;
    readonly limit: number;
  }): Promise<readonly RunView[]>;
  /** The lines in which somebody waits; of one target also who alone is under way there. */
  lines(of?: Target): Promise<readonly InLine[]>;
  vote(run: string, digest: string, vote: "yes" | "no" | "withdraw", why?: string): Promise<Card>;
  press(run: string, button: string, form?: unknown): Promise<Card>;
  cancel(run: string): Promise<Card>;
  /** A new run of the same input. */
  retry(run: string): Promise<{ readonly run: string }>;
  /** Why the run is in the state it is in: rule, needs, votes, and what would happen next. */
  why(run: string): Promise<Card>;
}

export interface CommandHelp {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** How it is typed: `deploy <service> <version> to <environment>`. */
  readonly usage?: string;
  /** Its arguments in order; `says` is what each is, in a few words. */
  readonly takes?: readonly {
    readonly name: string;
    readonly says: string;
    readonly required: boolean;
  }[];
}

/** All that a command's `run` gets. Nothing in it can change anything outside. */
export interface Ctx<A> {
  readonly args: A;
  readonly person: Person;
  /** What this person may do, in a sentence for people. */
  readonly rights: string;
  readonly runs: Runs;
  readonly commands: readonly CommandHelp[];
  look<R>(op: Look<R>): Promise<R>;
  /** Stops answers of this channel that go on with new lines: one, or all of them. Gives how many that were. */
  unfollow(answer?: string): Promise<number>;
  start<I, O>(workflow: Workflow<I, O>, input: I): Promise<{ readonly run: string }>;
}

/** Something besides a person that says the command. */
export interface Start<In> {
  readonly on: string;
  args(event: never): Partial<In>;
}

/** A command as others refer to it. */
export interface Command<In> {
  readonly name: string;
  button(label: string, args: Partial<In>, options?: Pick<Say, "primary" | "confirm">): Say;
}

/** What `commands/<name>.ts` exports by default. */
export interface CommandDefinition<S extends z.ZodRawShape = z.ZodRawShape> {
  /** One or two words, lower case. */
  readonly name: string;
  /** One line for `help`. */
  readonly summary: string;
  /** What one may type; each must parse. */
  readonly examples: readonly string[];
  /** In the order in which they are typed. */
  readonly args: S;
  /** What a word before a value means here: `{ to: "environment" }`. */
  readonly words?: { readonly [word: string]: keyof S & string };
  readonly starts?: readonly Start<z.input<z.ZodObject<S>>>[];
  /** The answer is for the asker's eyes only. */
  readonly privately?: boolean;
  /** Anybody whom we know may say it, also without a team. */
  readonly forEverybody?: boolean;
  run(ctx: Ctx<z.output<z.ZodObject<S>>>): Reply | Promise<Reply>;
}

export function defineCommand<S extends z.ZodRawShape>(
  command: CommandDefinition<S>,
): CommandDefinition<S> & Command<z.input<z.ZodObject<S>>> {
  return {
    ...command,
    button: (label, args, options = {}) => ({ label, command: command.name, args, ...options }),
  };
}

/** Says the command every day at `at` (`03:00`, UTC). */
export function daily<In>(at: string, args: In): Start<In> {
  return { on: `daily ${at}`, args: () => args };
}
/** Says the command whenever the event rings. */
export function on<E, In>(
  event: Build<EventSpec<z.ZodType<E>>>,
  args: (event: E) => In,
): Start<In> {
  return { on: event.op, args: args as (event: never) => In };
}

const nameLike = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const versionLike = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * A noun people use: a string with a name, a safe shape and, where known, its choices
 * (a look, given the arguments that are known already). Versions may hold dots and capitals.
 */
export function noun(
  name: string,
  choices?: (known: { readonly [arg: string]: unknown }) => Look<readonly Choice[]>,
): z.ZodString {
  return z
    .string()
    .regex(name === "version" ? versionLike : nameLike)
    .meta({ noun: name, choices });
}
