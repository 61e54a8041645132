/** What does not fit the file's schema, in sentences for the person who wrote it. */
import type { z } from "zod";
import { nearest } from "../core/nearest.ts";
import { listed, quoted } from "../core/words.ts";
import type { Path } from "./positions.ts";
import { settings } from "./schema.ts";

export interface Found {
  readonly path: Path;
  /** The key that is wrong, where it is the key. */
  readonly key?: string;
  readonly says: string;
}

/** One sentence for each issue that zod found. `names`: all settings, for "did you mean". */
export function mistakes(
  issues: readonly z.core.$ZodIssue[],
  names: readonly string[] = settings,
): readonly Found[] {
  return issues.flatMap((issue) => found(issue, names));
}

function found(issue: z.core.$ZodIssue, names: readonly string[]): readonly Found[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  const name = path.join(".") || "the file";
  const one = (says: string): readonly Found[] => [{ path, says: `${name} ${says}` }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path,
        key,
        says: `${[...path, key].join(".")} is no setting${didYouMean(key, names)}`,
      }));
    case "invalid_key":
      return [
        {
          path: path.slice(0, -1),
          key: String(path.at(-1)),
          says: `${quoted(String(path.at(-1)))} can't be a name: ${why(issue.issues)}.`,
        },
      ];
    case "invalid_type":
      return one(
        issue.message.endsWith("received undefined")
          ? "is missing."
          : `must be ${kinds[issue.expected] ?? issue.expected}.`,
      );
    case "invalid_value":
      return one(`must be ${listed(issue.values.map(String), "or")}.`);
    case "too_small":
      return one(issue.origin === "string" ? "is empty." : `must be at least ${issue.minimum}.`);
    case "too_big":
      return one(
        issue.origin === "string"
          ? `must have at most ${issue.maximum} characters.`
          : `must be at most ${issue.maximum}.`,
      );
    case "invalid_format":
      return one(
        issue.format === "template_literal"
          ? "must be a number and a unit: 90s, 10m, 4h or 7d."
          : issue.message.startsWith("must ")
            ? `${issue.message}.`
            : "must be a name: lower-case letters, digits and hyphens.",
      );
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? one(`must be ${listed(issue.options.map(String), "or")}.`)
        : one(
            issue.message === "Invalid input" ? "is not what belongs here." : `${issue.message}.`,
          );
    case "custom":
      return one(`${issue.message}.`);
    default:
      return one("is not what belongs here.");
  }
}

/** What a name must be like, in its own schema's words where it has some. */
function why(issues: readonly { readonly code?: string; readonly message?: string }[]): string {
  const own = issues.find(({ code }) => code === "custom")?.message?.split(": ", 2)[1];
  return `use ${own ?? "lower-case letters, digits and hyphens"}`;
}

const kinds: { readonly [expected: string]: string } = {
  string: "a text (put it in quotation marks)",
  record: "a list of names, each with its settings",
  object: "a set of settings",
  array: "a list: [a, b]",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function didYouMean(key: string, names: readonly string[]): string {
  const near = nearest(key, names);
  return near.length > 0 ? `; did you mean ${listed(near, "or")}?` : ".";
}
