/** Everything that a run's card shows, read at once. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import type { Sql } from "./database.ts";
import { readEntries } from "./journal.ts";
import { latestPlans, listVotes, type PlanRow, type Vote } from "./plans.ts";
import { findRun, type Run } from "./runs.ts";

export interface Snapshot {
  readonly run: Run;
  readonly journal: ReadonlyMap<string, Json>;
  /** The newest plan of each step, the newest step first. */
  readonly plans: readonly PlanRow[];
  readonly votes: readonly Vote[];
  /** The run that holds what this one waits for. */
  readonly holder: Run | undefined;
  /** Milliseconds since 1970 by the database's clock. */
  readonly now: number;
}

export async function readSnapshot(sql: Sql, id: string): Promise<Snapshot | undefined> {
  const run = await findRun(sql, id);
  if (!run) return undefined;
  const [journal, plans, votes, [clock]] = await Promise.all([
    readEntries(sql, id),
    latestPlans(sql, id),
    listVotes(sql, id),
    sql.query(z.object({ now: z.number() }), "SELECT shipmate.now() AS now"),
  ]);
  const held = run.waits?.find((wait) => wait.holder !== undefined)?.holder;
  const holder = held === undefined ? undefined : await findRun(sql, held);
  const newest = [...plans.values()].sort((a, b) => b.id - a.id);
  return { run, journal, plans: newest, votes, holder, now: clock?.now ?? run.created_at };
}
