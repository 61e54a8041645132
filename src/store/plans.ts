/** Plans that were shown, and the votes on them. The first atomic transition of a plan decides it. */
import { z } from "zod";
import type { Plan } from "../core/plan.ts";
import type { Deed } from "./audit.ts";
import { first, json, type Sql } from "./database.ts";
import { rings } from "./runs.ts";

export const PlanState = z.enum(["open", "approved", "rejected", "expired", "void", "cancelled"]);
export type PlanState = z.output<typeof PlanState>;

const body = z.custom<Plan>((value) => typeof value === "object" && value !== null);
export const PlanRow = z.object({
  id: z.number(),
  run: z.string(),
  step: z.string(),
  digest: z.string(),
  body,
  state: PlanState,
  why: z.string().nullable(),
  at: z.number(),
  expires_at: z.number().nullable(),
  decided_at: z.number().nullable(),
});
export type PlanRow = z.output<typeof PlanRow>;
const PlanId = PlanRow.pick({ id: true, run: true });
const columns = "id, run, step, digest, body, state, why, at, expires_at, decided_at";

/** A new plan of a step, with what its run touches by it; an open or approved one before it becomes void. Opens decided where no vote is needed. */
export async function insertPlan(
  sql: Sql,
  plan: {
    readonly run: string;
    readonly step: string;
    readonly body: Plan;
    readonly state: "open" | "approved";
    readonly why?: string | undefined;
    /** There may be one before it. */
    readonly again: boolean;
  },
): Promise<PlanRow> {
  const voided = plan.again && voidPlans(sql, plan.run, plan.step, "planned again");
  const inserted = first(
    sql,
    PlanRow,
    `WITH targets AS (
       INSERT INTO shipmate.run_targets (run, target)
       SELECT $1, jsonb_array_elements_text($8::jsonb) ON CONFLICT DO NOTHING)
     INSERT INTO shipmate.plans (run, step, digest, body, state, why, expires_at, decided_at, found_by)
     VALUES ($1, $2, $3, $4::jsonb, $5, $6,
       CASE WHEN $5 = 'open' THEN shipmate.now() + $7::bigint END,
       CASE WHEN $5 = 'approved' THEN shipmate.now() END, $9::jsonb)
     RETURNING ${columns}`,
    [
      plan.run,
      plan.step,
      plan.body.digest,
      json(plan.body),
      plan.state,
      plan.why ?? null,
      Math.round(plan.body.expires),
      json(plan.body.targets),
      json(foundBy(plan.body.targets)),
    ],
  );
  const [row] = await Promise.all([inserted, voided]);
  if (!row) throw new Error(`inserting a plan of run ${plan.run}: no row came back`);
  return row;
}

/** The newest plan of each step. */
export async function latestPlans(sql: Sql, run: string): Promise<Map<string, PlanRow>> {
  const rows = await sql.query(
    PlanRow,
    `SELECT DISTINCT ON (step) ${columns} FROM shipmate.plans WHERE run = $1 ORDER BY step, id DESC`,
    [run],
  );
  return new Map(rows.map((row) => [row.step, row]));
}

/** Every plan of a run, the oldest first. */
export function listPlans(sql: Sql, run: string): Promise<readonly PlanRow[]> {
  return sql.query(PlanRow, `SELECT ${columns} FROM shipmate.plans WHERE run = $1 ORDER BY id`, [
    run,
  ]);
}

/** The plan that can be voted on now, locked until the transaction ends: open, and its time is not over. */
export function lockOpenPlan(sql: Sql, run: string | number): Promise<PlanRow | undefined> {
  return first(
    sql,
    PlanRow,
    `SELECT ${columns} FROM shipmate.plans WHERE run = ${runNamed(run)} AND state = 'open'
       AND (expires_at IS NULL OR expires_at > shipmate.now()) ORDER BY id DESC LIMIT 1 FOR UPDATE`,
    [run],
  );
}

/** Whether this call decided it: only an open plan can be decided, and only once. */
export async function decidePlan(
  sql: Sql,
  id: number,
  state: Exclude<PlanState, "open">,
  why?: string,
): Promise<boolean> {
  const decided = await sql.run(
    `UPDATE shipmate.plans SET state = $2, why = COALESCE($3, why), decided_at = shipmate.now()
     WHERE id = $1 AND state = 'open'`,
    [id, state, why ?? null],
  );
  return decided === 1;
}

/** What was open or approved in this step counts no more. */
export async function voidPlans(sql: Sql, run: string, step: string, why: string): Promise<void> {
  await sql.run(
    `UPDATE shipmate.plans SET state = 'void', why = $3, decided_at = shipmate.now()
     WHERE run = $1 AND step = $2 AND state IN ('open', 'approved')`,
    [run, step, why],
  );
}

/** A target covers what lies below it: two overlap where one is the other, or lies above it. */
const foundBy = (targets: readonly string[]): readonly string[] => [
  ...new Set(targets.flatMap((target) => [itself(target), target, ...above(target)])),
];
const itself = (target: string): string => `=${target}`;

/** What a target lies below. */
function above(target: string): readonly string[] {
  const names = target.split("/");
  return names.slice(1).map((_, at) => names.slice(0, at + 1).join("/"));
}

/** What other runs planned on these targets is about to be old: rings them, and gives them. */
export async function voidOthers(
  sql: Sql,
  run: string,
  targets: readonly string[],
  why: string,
): Promise<readonly string[]> {
  // Everybody locks a run before its plans: no plan is touched before all of `rung` is.
  const others = await sql.query(
    PlanId,
    `WITH others AS (
       SELECT p.id, p.run FROM shipmate.plans p
       WHERE p.state = 'open' AND p.run <> $1 AND (
         p.found_by ?| ARRAY(SELECT jsonb_array_elements_text($3::jsonb))
         OR p.found_by IS NULL AND EXISTS (
           SELECT FROM jsonb_array_elements_text(p.body->'targets') theirs,
                       jsonb_array_elements_text($2::jsonb) mine
           WHERE starts_with(theirs || '/', mine || '/') OR starts_with(mine || '/', theirs || '/')))),
     ${rings("SELECT run FROM others")},
     voided AS (
       UPDATE shipmate.plans p SET state = 'void', why = $4, decided_at = shipmate.now()
       WHERE (SELECT count(*) FROM rung) >= 0 AND p.id = ANY (ARRAY(SELECT id FROM others)) AND p.state = 'open')
     SELECT id, run FROM others`,
    [run, json(targets), json([...targets, ...targets.flatMap(above).map(itself)]), why],
  );
  return others.map((plan) => plan.run);
}

export const Vote = z.object({
  person: z.string(),
  vote: z.enum(["yes", "no"]),
  why: z.string().nullable(),
  digest: z.string(),
  step: z.string(),
  surface: z.string(),
  at: z.number(),
  withdrawn_at: z.number().nullable(),
});
export type Vote = z.output<typeof Vote>;

/** Whether it is new: one person has one vote on one digest, on whatever surface. The audit tells of it then. */
export async function insertVote(
  sql: Sql,
  vote: {
    readonly run: string;
    readonly step: string;
    readonly digest: string;
    readonly person: string;
    readonly vote: "yes" | "no";
    readonly why?: string | undefined;
    readonly surface: string;
  },
  audit: Pick<Deed, "did" | "detail">,
): Promise<boolean> {
  const added = await sql.run(
    `WITH mine AS (
       INSERT INTO shipmate.votes (run, step, digest, person, vote, why, surface)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (run, step, digest, person) WHERE withdrawn_at IS NULL DO NOTHING RETURNING run),
     told AS (
       INSERT INTO shipmate.audit (person, surface, did, run, digest, detail)
       SELECT $4, $7, $8, run, $3, $9::jsonb FROM mine RETURNING id)
     INSERT INTO shipmate.audit_unsealed (audit) SELECT id FROM told`,
    [
      ...[vote.run, vote.step, vote.digest, vote.person, vote.vote, vote.why ?? null, vote.surface],
      ...[audit.did, audit.detail ?? {}],
    ],
  );
  return added === 1;
}

/** Whether there was one to withdraw. */
export async function withdrawVote(
  sql: Sql,
  run: string,
  digest: string,
  person: string,
): Promise<boolean> {
  const withdrawn = await sql.run(
    `UPDATE shipmate.votes SET withdrawn_at = shipmate.now()
     WHERE run = $1 AND digest = $2 AND person = $3 AND withdrawn_at IS NULL`,
    [run, digest, person],
  );
  return withdrawn > 0;
}

/** The id of the run that `$1` names by it, or by its number. */
const runNamed = (run: string | number): string =>
  typeof run === "number" ? "(SELECT id FROM shipmate.runs WHERE number = $1)" : "$1";

/** All votes of a run, the oldest first, withdrawn ones too. */
export function listVotes(sql: Sql, run: string | number): Promise<readonly Vote[]> {
  return sql.query(
    Vote,
    `SELECT person, vote, why, digest, step, surface, at, withdrawn_at
     FROM shipmate.votes WHERE run = ${runNamed(run)} ORDER BY id`,
    [run],
  );
}
