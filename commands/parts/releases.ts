/** Releases as a table: what it was, what became of it, when, and by whom. */
import type { Card, Choice } from "shipmate";
import { when } from "./when.ts";

export interface Release {
  readonly version: string;
  readonly good: boolean;
  readonly at: number;
  readonly by?: string | undefined;
  readonly why?: string | undefined;
}

/** `people`: everybody by id, with their names. */
export function releaseRows(
  releases: readonly Release[],
  people: readonly Choice[],
): Pick<Card, "columns" | "rows"> {
  const names = new Map(people.map(({ value, hint }) => [value, hint ?? value]));
  return {
    columns: ["Release", "Was", "When", "By"],
    rows: releases.map(({ version, good, at, by, why }) => [
      version,
      good ? "good" : (why ?? "not healthy"),
      when(at),
      by === undefined ? "" : (names.get(by) ?? by),
    ]),
  };
}
