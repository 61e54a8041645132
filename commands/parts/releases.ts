/** Releases as a table, and the good ones as choices. */
import { type Card, type Choice, clusters } from "shipmate";
import { when } from "./when.ts";

export interface Release {
  readonly version: string;
  readonly good: boolean;
  readonly at: number;
  readonly by?: string | undefined;
  readonly why?: string | undefined;
}

/** What each was, what became of it, when, and by whom. `people`: everybody by id, with their names. */
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

/** What an argument says of itself that takes a version which was good once: those are its choices, and hints only. */
export const goodOnes = {
  open: true,
  choices: ({ service, environment }: { readonly [arg: string]: unknown }) =>
    clusters.history({ service: String(service), environment: String(environment) }),
  read: (releases: readonly Release[]): readonly Choice[] =>
    releases
      .filter(({ good, version }, i) => good && first(releases, version) === i)
      .map(({ version, at }) => ({ value: version, hint: `released ${when(at)}` })),
};

const first = (releases: readonly Release[], version: string): number =>
  releases.findIndex((one) => one.good && one.version === version);
