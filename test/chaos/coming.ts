/** Processes that come and go while runs go on: none of them leads, so any may. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { first } from "../../src/store/database.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { crowd } from "./crowd.ts";
import { openFleet, type Place } from "./fleet.ts";
import { type Judged, judge } from "./judge.ts";

type Servers = Exclude<Place, { readonly mode: "pglite" }>;

export interface Came extends Judged {
  /** Processes in all, and how many of them were killed. */
  readonly processes: number;
  readonly kills: number;
  readonly seconds: number;
}

/**
 * Three begin. While so many runs go, one after the other is killed, the first first, and another comes, until none of
 * the three is left and two have died that came later.
 */
export async function comeAndGo(place: Servers, runs: number): Promise<Came> {
  const began = performance.now();
  const fleet = await openFleet(place);
  try {
    const all = [0, 1, 2].map((seat) => fleet.launch(seat));
    await Promise.all(all.map(({ ready }) => ready));
    const people = crowd(fleet, { atOnce: 25, most: runs });
    try {
      for (let kills = 0; kills < 5; kills++) {
        const share = ((kills + 1) * runs) / 7;
        while (people.asked.length < share) await sleep(20);
        const next = fleet.launch(all.length);
        all.push(next);
        all[kills]?.kill("SIGKILL");
        await all[kills]?.ended;
        await next.ready;
      }
      while (people.asked.length < runs) await sleep(20);
      const judged = await judge(fleet, people);
      const seconds = (performance.now() - began) / 1_000;
      return { ...judged, processes: all.length, kills: 5, seconds };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
  }
}

export interface Upgraded extends Judged {
  /** Runs that one of the two codes did not fit, and that were left to the other. */
  readonly left: number;
  readonly seconds: number;
}

/**
 * Two processes of today's code, then two of a later one whose deploys look at something else first, so that neither
 * code fits the runs of the other. Both kinds live until every run has ended: none may park.
 */
export async function upgrade(place: Servers, runs: number): Promise<Upgraded> {
  const began = performance.now();
  const fleet = await openFleet(place);
  const later = await laterCode();
  try {
    await Promise.all([0, 1].map((seat) => fleet.launch(seat).ready));
    const people = crowd(fleet, { atOnce: 25, most: runs });
    try {
      while (people.asked.length < runs / 3) await sleep(20);
      await Promise.all(
        [2, 3].map((seat) => fleet.launch(seat, { env: { SHIPMATE_TEST_ROOT: later.root } }).ready),
      );
      while (people.asked.length < runs) await sleep(20);
      const judged = await judge(fleet, people);
      const database = await openPostgres(place.database, { max: 1 });
      const left = await first(
        database,
        z.object({ n: z.number() }),
        "SELECT count(*) AS n FROM shipmate.runs WHERE unfit IS NOT NULL",
      );
      await database.close();
      return { ...judged, left: left?.n ?? 0, seconds: (performance.now() - began) / 1_000 };
    } finally {
      await people.stop();
    }
  } finally {
    await fleet.close();
    await later.clear();
  }
}

/** A copy of commands and workflows within the project, where they find what they import. */
async function laterCode(): Promise<{ readonly root: string; clear(): Promise<void> }> {
  const project = join(import.meta.dirname, "../..");
  const root = await mkdtemp(join(import.meta.dirname, "later-"));
  for (const folder of ["commands", "workflows"])
    await cp(join(project, folder), join(root, folder), { recursive: true });
  const file = join(root, "workflows/deploy.ts");
  const text = await readFile(file, "utf8");
  const changed = text.replace(
    "async run(step, input) {",
    `async run(step, input) {
    await step.look("what runs", clusters.running({ service: input.service, environment: input.environment }));`,
  );
  if (changed === text) throw new Error("deploy.ts has another shape by now");
  await writeFile(file, changed);
  return { root, clear: () => rm(root, { recursive: true, force: true }) };
}
