/** What an argument may be: the choices of a noun, asked of whoever knows them. */
import type { Choice } from "../core/card.ts";
import type { CommandDefinition } from "../core/command.ts";
import type { Json, Look } from "../core/operation.ts";
import { Refusal } from "../core/refusal.ts";
import { type Shape, shapesOf } from "./shape.ts";

/** Carries out a look with the rights of whoever asks. */
export type Asks = <R>(op: Look<R>) => Promise<R>;

export interface Offer {
  readonly choices: readonly Choice[];
  /** The known arguments that it depends on: `web`, for versions of web. */
  readonly of: readonly string[];
}

/** The choices given what is known; undefined where there are none to ask for, or where they depend on something unknown. */
export async function offer(
  shape: Shape,
  known: { readonly [arg: string]: Json },
  look: Asks,
): Promise<Offer | undefined> {
  if (shape.options) return { choices: shape.options.map((value) => ({ value })), of: [] };
  if (!shape.choices) return undefined;
  const asked = new Set<string>();
  const op = shape.choices(
    new Proxy(known, {
      get(target, name) {
        asked.add(String(name));
        return Reflect.get(target, name);
      },
    }),
  );
  const names = [...asked];
  if (names.some((name) => !Object.hasOwn(known, name))) return undefined;
  const answer = await look(op);
  const choices = (shape.read?.(answer) ?? answer).map(
    ({ value, hint }): Choice => (hint ? { value, hint } : { value }),
  );
  // Where nobody keeps a list of versions, any may be typed; the plan tells whether it is there.
  if (shape.noun === "version" && choices.length === 0) return undefined;
  return { choices, of: names.map((name) => String(known[name])) };
}

/** The choices of every argument that has some, for a form. Those that are refused stay away: one can still type. */
export async function offers(
  command: CommandDefinition,
  known: { readonly [arg: string]: Json },
  look: Asks,
): Promise<{ readonly [arg: string]: readonly Choice[] }> {
  const found: { [arg: string]: readonly Choice[] } = {};
  for (const shape of shapesOf(command)) {
    const offered = await offer(shape, known, look).catch((error: unknown) => {
      if (error instanceof Refusal) return undefined;
      throw error;
    });
    if (offered && offered.choices.length > 0) found[shape.name] = offered.choices;
  }
  return found;
}
