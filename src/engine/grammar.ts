/**
 * The one grammar, for slash text, mentions and the console: `deploy web 1.4.2 to production`.
 *
 * - The first word or two name the command; a mention, a slash or our name before it is passed over.
 * - `name=value`, `--name value` and `--name=value` give an argument by its name or an unambiguous beginning of it.
 * - A word of the command's `words` (`to`), or an argument's full name, gives the argument by the word after it.
 * - What is left goes to the arguments that are left, in their order. Where a word can't be the one whose
 *   turn it is, another order is taken if all words fit in it.
 * - A quoted word is never a name or a word of the grammar.
 */
import type { Say } from "../core/card.ts";
import type { CommandDefinition } from "../core/command.ts";
import { nearest } from "../core/nearest.ts";
import type { Json } from "../core/operation.ts";
import { listed, quoted } from "../core/words.ts";
import { plain } from "../observe/text.ts";
import { type Filled, fill } from "./fill.ts";
import { tokens, type Word } from "./tokens.ts";

/** Values by argument, as typed: the schema has not seen them yet. */
export type Raw = { readonly [arg: string]: Json | undefined };

export type Parsed =
  | { readonly is: "command"; readonly command: CommandDefinition; readonly raw: Raw }
  /** One sentence, and buttons that say what was probably meant. */
  | { readonly is: "no"; readonly says: string; readonly suggestions: readonly Say[] };

/** The longest text that is read, in characters. */
const longest = 4_000;

/** What was said. Nothing at all, `help` as an argument and `--help` mean the command help. Never throws. */
export function parse(text: string, commands: readonly CommandDefinition[]): Parsed {
  if (text.length > longest) return tooLong(text.length);
  const said = withoutAddress(plain(text));
  const words = tokens(said);
  const help = commands.find((command) => command.name === "help");
  if (words.length === 0)
    return help ? { is: "command", command: help, raw: {} } : no("Say a command.");
  const named = commandIn(words, commands);
  if (named === undefined) return unknown(words, said, commands);
  const { command, rest } = named;
  if (help && command !== help && asksForHelp(rest))
    return { is: "command", command: help, raw: { [firstArg(help)]: command.name } };
  return result(command, fill(command, rest, said));
}

function tooLong(length: number): Parsed {
  const count = (n: number) => n.toLocaleString("en-US");
  return no(`That is ${count(length)} characters long; a command has at most ${count(longest)}.`);
}

/** Mentions of us, our name, and the slash that some surfaces want. */
function withoutAddress(text: string): string {
  return text
    .trim()
    .replace(address, "")
    .replace(/^\/(?=\S)/, "");
}
const address =
  /^(?:(?:<@[A-Z0-9]+(?:\|[^>]*)?>|<at[^>]*>[^<]*<\/at>|[@/]?shipmate(?=[\s,:]|$))[,:]?\s*)+/i;

function commandIn(words: readonly Word[], commands: readonly CommandDefinition[]) {
  for (const count of [2, 1]) {
    const head = words.slice(0, count);
    if (head.length < count || head.some((word) => word.name !== undefined)) continue;
    const name = head.map((word) => word.text.toLowerCase()).join(" ");
    const command = commands.find((one) => one.name === name || hyphened(one) === name);
    if (command) return { command, rest: words.slice(count) };
  }
  return undefined;
}

const hyphened = (command: CommandDefinition): string => command.name.replaceAll(" ", "-");

function asksForHelp(words: readonly Word[]): boolean {
  const [word] = words;
  if (word === undefined || words.length > 1) return false;
  return (
    word.name?.toLowerCase() === "help" || (word.text.toLowerCase() === "help" && !word.quoted)
  );
}

const firstArg = (command: CommandDefinition): string => Object.keys(command.args)[0] ?? "";

function unknown(
  words: readonly Word[],
  said: string,
  commands: readonly CommandDefinition[],
): Parsed {
  const typed = words[0]?.name ?? words[0]?.text ?? "";
  const two = words.slice(0, 2).map((word) => word.text);
  const names = commands.map((command) => command.name);
  const byTwo = nearest(
    two.join(" "),
    names.filter((name) => name.includes(" ")),
  );
  const near = byTwo.length > 0 ? byTwo : nearest(typed, names);
  if (near.length === 0) {
    const help: readonly Say[] = [{ label: "Help", command: "help", args: {} }];
    return no(
      `No command ${quoted(typed)}. Say help to see what there is.`,
      names.includes("help") ? help : [],
    );
  }
  const suggestions = near.flatMap((name) => {
    const command = commands.find((one) => one.name === name);
    const count = byTwo.length > 0 ? 2 : 1;
    const filled = command && fill(command, words.slice(count), said);
    return filled?.is === "raw" ? [{ label: name, command: name, args: filled.raw }] : [];
  });
  return no(`No command ${quoted(typed)}. Did you mean ${listed(near, "or")}?`, suggestions);
}

function result(command: CommandDefinition, filled: Filled): Parsed {
  return filled.is === "raw" ? { is: "command", command, raw: filled.raw } : no(filled.says);
}

const no = (says: string, suggestions: readonly Say[] = []): Parsed => ({
  is: "no",
  says,
  suggestions,
});
