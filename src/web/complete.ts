/**
 * Type-ahead: how what is being typed could go on. It teaches the grammar while one types: first the verb, then
 * each argument in its turn, with its word (`to production`) and its choices.
 */
import type { Choice } from "../core/card.ts";
import type { Look } from "../core/operation.ts";
import { type Shape, shapesOf } from "../engine/shape.ts";
import type { Typed } from "./parts.ts";

export interface Completion {
  /** What Tab puts in the place of the text from here on. Characters from the start. */
  readonly from: number;
  readonly items: readonly Item[];
  /** The sentence as it could be, for a hint below: `deploy`, `<service>`, `<version>`, `to <environment>`. */
  readonly usage: readonly Piece[];
  readonly summary: string;
}
interface Item {
  readonly value: string;
  readonly hint: string;
}
interface Piece {
  readonly text: string;
  readonly is: "done" | "now" | "later";
  readonly optional: boolean;
}

export interface Knows {
  readonly commands: readonly Typed[];
  look<R>(look: Look<R>): Promise<R>;
  /** Runs that somebody may mean, the likeliest first. */
  runs(): Promise<
    readonly { readonly number: number; readonly title: string; readonly digest: string | null }[]
  >;
}

/** Never throws for what somebody typed: where nothing fits, there is nothing to offer. */
export async function complete(text: string, knows: Knows): Promise<Completion> {
  const start = /^\s*(?:\/?shipmate\s+|\/)?/i.exec(text)?.[0].length ?? 0;
  const typed = text.slice(start);
  const command = verb(typed, knows.commands);
  if (command === undefined) return verbs(typed, start, knows.commands);
  const rest = typed.slice(command.name.length);
  const words = split(rest);
  const partial = /\s$/.test(rest) ? "" : (words.pop() ?? "");
  const from = text.length - partial.length;
  const { known, asked } = read(words, command);
  const [named, now, given] = current(command, known, asked, partial);
  const usage = pieces(command, known, now);
  if (now === undefined) return { from, items: [], usage, summary: command.summary };
  const all = await choices(command, now, known, knows);
  const word = named !== "" || now === asked ? "" : wordOf(command, now);
  const fitting = nearest(all, given).map(({ value, hint }) => ({
    value: `${named}${word === "" ? "" : `${word} `}${value} `,
    hint: hint ?? "",
  }));
  return { from, items: fitting.slice(0, 8), usage, summary: command.summary };
}

/** The command whose whole name was typed, with a space after it; the longest wins. */
function verb(typed: string, commands: readonly Typed[]): Typed | undefined {
  const lower = typed.toLowerCase();
  return commands
    .filter(({ name }) => lower.startsWith(`${name} `))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

function verbs(typed: string, from: number, commands: readonly Typed[]): Completion {
  const wanted = typed.trim().toLowerCase();
  const items = commands
    .filter(({ name }) => name.startsWith(wanted))
    .map((command) => ({
      value: argumentsOf(command).length === 0 ? command.name : `${command.name} `,
      hint: command.summary,
    }));
  return { from, items: items.slice(0, 20), usage: [], summary: "" };
}

function split(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** What the finished words gave, and the argument that a word at the end asks for (`to`). */
function read(words: readonly string[], command: Typed) {
  const known: { [arg: string]: string } = {};
  let asked: string | undefined;
  for (const word of words) {
    const pair = /^(?:--)?([A-Za-z][\w-]*)=(.*)$/.exec(word);
    const key = pair?.[1] === undefined ? undefined : argument(command, pair[1]);
    if (key !== undefined) known[key] = pair?.[2] ?? "";
    else if (asked !== undefined) {
      known[asked] = word;
      asked = undefined;
    } else if (word.startsWith("--")) asked = argument(command, word.slice(2));
    else if (command.words?.[word] !== undefined) asked = command.words[word];
    else {
      const next = argumentsOf(command).find(({ name }) => known[name] === undefined);
      if (next !== undefined) known[next.name] = word;
    }
  }
  return { known, asked };
}

/** An argument by its name or the beginning of it (`env`). */
function argument(command: Typed, name: string): string | undefined {
  const names = argumentsOf(command).map((shape) => shape.name);
  return names.find((arg) => arg === name) ?? names.find((arg) => arg.startsWith(name));
}

/** What is being typed: how it was begun (`--env=`), the argument, and its value so far. */
function current(
  command: Typed,
  known: { readonly [arg: string]: string },
  asked: string | undefined,
  partial: string,
): [string, string | undefined, string] {
  const pair = /^(?:--)?([A-Za-z][\w-]*)=(.*)$/.exec(partial);
  const key = pair?.[1] === undefined ? undefined : argument(command, pair[1]);
  if (pair !== null && key !== undefined)
    return [partial.slice(0, partial.length - (pair[2] ?? "").length), key, pair[2] ?? ""];
  if (asked !== undefined) return ["", asked, partial];
  const next = argumentsOf(command).find((shape) => known[shape.name] === undefined);
  return ["", next?.name, partial];
}

function wordOf(command: Typed, arg: string): string {
  return Object.entries(command.words ?? {}).find(([, of]) => of === arg)?.[0] ?? "";
}

function pieces(
  command: Typed,
  known: { readonly [arg: string]: string },
  now: string | undefined,
): readonly Piece[] {
  const verb: Piece = { text: command.name, is: "done", optional: false };
  const args = argumentsOf(command).map(({ name, label, required, rest }): Piece => {
    const word = wordOf(command, name);
    const is = name === now ? "now" : known[name] === undefined ? "later" : "done";
    const value = is === "done" ? (known[name] ?? "") : `<${label}${rest ? "…" : ""}>`;
    return { text: word === "" ? value : `${word} ${value}`, is, optional: !required };
  });
  return [verb, ...args];
}

/** What one can type; what only a button gives is not shown. */
function argumentsOf(command: Typed): readonly Shape[] {
  return shapesOf(command).filter(({ hidden }) => !hidden);
}

/** An argument's possible values: its own list, its noun's look, or runs and what waits for votes in them. */
async function choices(
  command: Typed,
  arg: string,
  known: { readonly [arg: string]: string },
  { look, runs }: Knows,
): Promise<readonly Choice[]> {
  const shape = argumentsOf(command).find(({ name }) => name === arg);
  try {
    if (shape?.options !== undefined) return shape.options.map((value) => ({ value }));
    if (shape?.choices !== undefined) {
      const answer = await look(shape.choices(known));
      return shape.read?.(answer) ?? answer;
    }
    if (arg === "run")
      return (await runs()).map(({ number, title }) => ({ value: String(number), hint: title }));
    if (arg === "digest") {
      const run = (await runs()).find(({ number }) => String(number) === known["run"]);
      if (run?.digest) return [{ value: run.digest.slice(0, 8), hint: "the plan on its card" }];
    }
    return [];
  } catch {
    // A look that is refused or does not answer takes the hints away, never the typing.
    return [];
  }
}

/** Those that begin with what was typed, then those that hold it. */
function nearest(all: readonly Choice[], typed: string): readonly Choice[] {
  const wanted = typed.toLowerCase();
  const begins = all.filter(({ value }) => value.toLowerCase().startsWith(wanted));
  const holds = all.filter(
    (one) => !begins.includes(one) && one.value.toLowerCase().includes(wanted),
  );
  return [...begins, ...holds];
}
