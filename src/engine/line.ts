/** Standing in line: while somebody else holds a target, and while a team carries out as much as it may. */
import type { Sql } from "../store/database.ts";
import { anyOverlap, awaitTurn, inLine, type Limit, toTake } from "../store/locks.ts";
import { voidPlans } from "../store/plans.ts";
import { ringRuns } from "../store/runs.ts";
import type { Asked } from "./changing.ts";

/** Parks while somebody else holds a target or was in line before. */
export async function standInLine(c: Asked, targets: readonly string[]): Promise<void> {
  const { run } = c.progress;
  if (!(await c.progress.reads((sql) => anyOverlap(sql, run.id, targets)))) return;
  const place = async (sql: Sql) => {
    const who = { run: run.id, step: c.step, hurry: run.hurry };
    const turn = await awaitTurn(sql, who, targets);
    if (!turn.free) await voidPlans(sql, run.id, c.step, "somebody else went first");
    const passes = turn.free || (turn.isNew && run.hurry > 0);
    const behind = passes ? await inLine(sql, run.id, targets) : [];
    await ringRuns(sql, behind);
    return { value: { turn, behind } };
  };
  c.progress.lines.add(c.step);
  // Nobody waits for the disk while the table of locks is ours: the place is lost only together with what comes after.
  const how = { soft: true, before: (sql: Sql) => toTake(sql, targets) };
  const turn = await c.progress.transact(place, how);
  c.parts.ring(turn.behind);
  if (turn.turn.free) return;
  c.progress.plans.delete(c.step);
  const { before } = turn.turn;
  const holder = before.find((one) => one.held) ?? before[0];
  await c.progress.park({
    kind: "lock",
    step: c.step,
    ahead: before.length - 1,
    ...(holder && { holder: holder.run, since: holder.since }),
  });
}

/** Parks while others carry out as much as there may be at once; votes stay as they are. */
export function awaitRoom(c: Asked, { name, most }: Limit, ahead: number): Promise<never> {
  const full =
    most === 1 ? "one change at once" : `${most} changes at once, and so many are under way`;
  const turn = ahead === 0 ? "This is next." : `${ahead} more before this one.`;
  const says = `${name} may carry out ${full}. ${turn}`;
  return c.progress.park({ kind: "lock", step: c.step, says, ahead });
}
