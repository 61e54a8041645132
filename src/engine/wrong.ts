/** What is wrong with a value, by its schema alone, in one clear sentence. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import { listed, quoted } from "../core/words.ts";
import { coerce, type Shape } from "./shape.ts";

/** What to do about it: `Use only lower-case letters, digits and hyphens.`; undefined where the value is right. */
export function wrong(shape: Shape, given: Json): string | undefined {
  const read = z.core.safeParse(shape.schema, coerce(shape, given));
  const issue = read.success ? undefined : read.error.issues[0];
  return issue && advice(shape, issue);
}

/** `since can't be "soon". Say a number and a unit: 90s, 10m, 4h or 7d.` */
export function wrongAs(shape: Shape, given: Json, advice: string): string {
  const typed = typeof given === "string" ? given : JSON.stringify(given);
  return `${capital(shape.noun ?? shape.label)} can't be ${quoted(typed)}. ${advice}`;
}

/** What is missing: `Say which service.` */
export function missing(shape: Shape): string {
  return shape.noun ? `Say which ${shape.label}.` : "This has to be filled in.";
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function advice(shape: Shape, issue: z.core.$ZodIssue): string {
  if (shape.options) return `Say ${listed(shape.options, "or")}.`;
  if (shape.noun === "version")
    return "Use letters, digits, dots, underscores and hyphens, at most 128, and no dot or hyphen first.";
  if (shape.noun)
    return "Use lower-case letters, digits and hyphens, at most 63, and no hyphen at either end.";
  switch (issue.code) {
    case "too_small":
      if (issue.origin !== "string") return `Say a number of at least ${issue.minimum}.`;
      return issue.minimum === 1
        ? "Say something here."
        : `Use at least ${issue.minimum} characters.`;
    case "too_big":
      return issue.origin === "string"
        ? `Use at most ${issue.maximum} characters.`
        : `Say a number of at most ${issue.maximum}.`;
    case "invalid_format":
      if (issue.format === "template_literal")
        return "Say a number and a unit: 90s, 10m, 4h or 7d.";
      break;
    case "invalid_type":
      if (shape.kind === "number")
        return issue.expected === "int" ? "Say a whole number." : "Say a number.";
      if (shape.kind === "yes-no") return "Say yes or no.";
      break;
  }
  return shape.says ? `Say ${shape.says}.` : "Say it in another way.";
}
