/** What one argument of a command is, read from its schema: for the grammar, the form and help alike. */
import { z } from "zod";
import type { Choice } from "../core/card.ts";
import type { CommandDefinition } from "../core/command.ts";
import type { Json, Look } from "../core/operation.ts";

type Schema = z.core.$ZodType;

export interface Shape {
  readonly name: string;
  /** The name in words: `seed from`. */
  readonly label: string;
  readonly kind: "text" | "number" | "yes-no";
  readonly required: boolean;
  /** What it is, in a few words for people; empty where its author wrote none. */
  readonly says: string;
  /** What a form says at its field, given what is known; `says` where there is nothing else. */
  readonly hint: Meta["hint"];
  /** What people call it: `service`. */
  readonly noun: string | undefined;
  /** What it may be, where that never changes. */
  readonly options: readonly string[] | undefined;
  /** What it may be, as a look that may depend on the arguments before it. */
  readonly choices: Meta["choices"];
  /** Makes choices of that look's answer, where it is not a list of them. */
  readonly read: Meta["read"];
  /** The choices are only hints: anything of the right shape may be said. */
  readonly open: boolean;
  /** It takes the rest of the line as it stands. */
  readonly rest: boolean;
  /** Only a button gives it: no form asks it, nobody types it. */
  readonly hidden: boolean;
  readonly schema: Schema;
}

/** The arguments in the order in which they are typed. */
export function shapesOf(command: Pick<CommandDefinition, "args">): readonly Shape[] {
  return Object.entries(command.args).map(([name, schema]) => shapeOf(name, schema));
}

/** What somebody typed or chose, as the schema wants it: `"3"` becomes 3 where a number belongs. Anything else stays. */
export function coerce(shape: Shape, given: Json): Json {
  if (typeof given !== "string") return given;
  const text = given.trim();
  if (shape.kind === "number" && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (shape.kind === "yes-no") {
    if (/^(yes|true|on)$/i.test(text)) return true;
    if (/^(no|false|off)$/i.test(text)) return false;
  }
  return text;
}

/** Whether the word could be this argument. Case never decides for names, since phones write capitals. */
export function fits(shape: Shape, word: string): boolean {
  const taken = (text: string) => z.core.safeParse(shape.schema, coerce(shape, text)).success;
  return taken(word) || (shape.noun !== undefined && taken(word.toLowerCase()));
}

function shapeOf(name: string, schema: Schema): Shape {
  const layers = unwrap(schema);
  const core = layers.at(-1) ?? schema;
  const meta: Meta = Object.assign({}, ...layers.map(metaOf).reverse());
  return {
    name,
    label: name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase(),
    kind: core instanceof z.ZodNumber ? "number" : core instanceof z.ZodBoolean ? "yes-no" : "text",
    required: !z.core.safeParse(schema, undefined).success,
    says: meta.description ?? "",
    hint: meta.hint,
    noun: meta.noun,
    options: core instanceof z.ZodEnum ? core.options.map(String) : undefined,
    choices: meta.choices,
    read: meta.read,
    open: meta.open ?? false,
    rest: meta.rest ?? false,
    hidden: meta.hidden ?? false,
    schema,
  };
}

/** The schema and what it wraps, the outermost first: what an author says of a noun stands on the outside. */
function unwrap(schema: Schema): readonly Schema[] {
  const inside =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
      ? schema.def.innerType
      : schema instanceof z.ZodPipe
        ? schema.def.in
        : undefined;
  return inside === undefined ? [schema] : [schema, ...unwrap(inside)];
}

const Meta = z.object({
  noun: z.string().optional(),
  description: z.string().optional(),
  rest: z.boolean().optional(),
  hidden: z.boolean().optional(),
  open: z.boolean().optional(),
  read: z
    .custom<(answer: unknown) => readonly Choice[]>((value) => typeof value === "function")
    .optional(),
  hint: z
    .custom<(known: { readonly [arg: string]: unknown }) => string>(
      (value) => typeof value === "function",
    )
    .optional(),
  choices: z
    .custom<(known: { readonly [arg: string]: unknown }) => Look<readonly Choice[]>>(
      (value) => typeof value === "function",
    )
    .optional(),
});
type Meta = z.output<typeof Meta>;

/** Only what is set, so that an outer layer does not hide an inner one with nothing. */
function metaOf(schema: Schema): Meta {
  const meta = Meta.parse(z.globalRegistry.get(schema) ?? {});
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined));
}
