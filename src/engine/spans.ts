/** A run that has ended, as stretches of time: itself, its steps, and their effects, waits and approvals. From SQL alone. */
import { z } from "zod";
import type { Span } from "../observe/trace.ts";
import type { Sql } from "../store/database.ts";
import { listEntries } from "../store/journal.ts";
import { listPlans, type PlanRow } from "../store/plans.ts";
import { findRun, type Run } from "../store/runs.ts";
import { short } from "./digest.ts";
import { stepOf } from "./progress.ts";

type Entry = Awaited<ReturnType<typeof listEntries>>[number];

export interface Recorded {
  readonly run: Run & { readonly ended_at: number };
  /** In the order of time. */
  readonly entries: readonly Entry[];
  /** The oldest first. */
  readonly plans: readonly PlanRow[];
  /** The runs that it started, by id. */
  readonly children: ReadonlyMap<string, Run>;
}

/** Undefined where there is no such run, or it has not ended. */
export async function readRecorded(sql: Sql, id: string): Promise<Recorded | undefined> {
  const run = await findRun(sql, id);
  if (run === undefined || run.ended_at === null) return undefined;
  const entries = await listEntries(sql, id);
  const plans = await listPlans(sql, id);
  const children = new Map<string, Run>();
  for (const { key, value } of entries) {
    if (!/^[^/]+\/child$/.test(key)) continue;
    const child = await findRun(sql, String(value));
    if (child) children.set(child.id, child);
  }
  return { run: { ...run, ended_at: run.ended_at }, entries, plans, children };
}

/** The run itself first. A step that was cut off ends with its run. */
export function spansOf(recorded: Recorded): readonly Span[] {
  const { run, entries } = recorded;
  const steps = Map.groupBy(entries, ({ key }) => key.split("/")[0] ?? "");
  const parts = [...steps].flatMap(([name, own]) => {
    const reader = own.map(({ key }) => marks.get(key.slice(name.length + 1))).find(Boolean);
    return reader?.(recorded, name, own) ?? [];
  });
  const { id, number, workflow, state, title } = run;
  const failed = ["taken back", "refused", "abandoned"].includes(state);
  return [
    {
      ...{ run: id, key: "", name: workflow, from: run.created_at, to: run.ended_at },
      facts: {
        "shipmate.run": id,
        "shipmate.number": number,
        "shipmate.title": title,
        "shipmate.state": state,
      },
      ...(failed && { wrong: run.says }),
      ...(run.parent !== null && { see: { run: run.parent, key: escaped(run.parent_step ?? "") } }),
    },
    ...parts,
  ];
}

type Reader = (recorded: Recorded, name: string, own: readonly Entry[]) => readonly Span[];

/** Each kind of step, by what only it has in the journal. */
const marks: ReadonlyMap<string, Reader> = new Map([
  ["saw", looked],
  ["shape", changed],
  ["began", waited],
  ["note", noted],
  ["child", ran],
]);

/** It is written only when it was done: it began when the run got there, or with its first failure. */
function looked({ run, entries }: Recorded, name: string, own: readonly Entry[]): readonly Span[] {
  const to = at(own, `${name}/saw`) ?? run.ended_at;
  const before = entries.filter((entry) => entry.at <= to && !own.includes(entry)).at(-1);
  const fault = Fault.safeParse(own.find(({ key }) => key === `${name}/look/fault`)?.value);
  const from = Math.min(before?.at ?? run.created_at, fault.data?.first ?? to);
  return [step(run, name, "look", { from, to })];
}
const Fault = z.object({ first: z.number() });

function changed(recorded: Recorded, name: string, own: readonly Entry[]): readonly Span[] {
  const { run } = recorded;
  const plans = recorded.plans.filter((plan) => escaped(plan.step) === name);
  const from = Math.min(run.ended_at, ...own.map((one) => one.at), ...plans.map((one) => one.at));
  const end = own.find(({ key }) => key === `${name}/end`);
  const { ok, says } = End.safeParse(end?.value).data ?? { ok: false, says: run.says };
  const whole = step(run, name, "change", { from, to: end?.at ?? run.ended_at });
  const inside = { run: run.id, in: name };
  const votes = plans.flatMap((plan): Span[] => {
    if (plan.body.needs.length === 0) return [];
    const facts = {
      "shipmate.digest": short(plan.digest),
      "shipmate.state": plan.state,
      "shipmate.rule": plan.body.rule,
    };
    const to = plan.decided_at ?? run.ended_at;
    return [
      { ...inside, key: `${name}/approval/${plan.id}`, name: "approval", from: plan.at, to, facts },
    ];
  });
  const nodes = plans.at(-1)?.body.nodes ?? [];
  const acts = own.flatMap(({ key, value, at: from }): Span[] => {
    const [, place, what] = /^[^/]+\/(.+)\/(intent|began)$/.exec(key) ?? [];
    if (place === undefined) return [];
    const op =
      what === "intent"
        ? (Intent.safeParse(value).data?.op ?? "effect")
        : `until ${nodes.find((node) => node.place === place)?.op ?? "it is good"}`;
    const to = at(own, `${name}/${place}/did`);
    const facts = { "shipmate.place": place, "shipmate.back": place.includes("/undo") };
    const wrong = to === undefined && { wrong: "it has no result" };
    return [{ ...inside, key, name: op, from, to: to ?? whole.to, facts, ...wrong }];
  });
  return [{ ...whole, ...(!ok && { wrong: says }) }, ...votes, ...acts];
}
const End = z.object({ ok: z.boolean(), says: z.string().default("") });
const Intent = z.object({ op: z.string() });

function waited({ run }: Recorded, name: string, own: readonly Entry[]): readonly Span[] {
  const from = at(own, `${name}/began`) ?? run.created_at;
  return [step(run, name, "wait", { from, to: at(own, `${name}/out`) ?? run.ended_at })];
}

function noted({ run }: Recorded, name: string, own: readonly Entry[]): readonly Span[] {
  const then = at(own, `${name}/note`) ?? run.ended_at;
  return [step(run, name, "note", { from: then, to: then })];
}

function ran({ run, children }: Recorded, name: string, own: readonly Entry[]): readonly Span[] {
  const begun = own.find(({ key }) => key === `${name}/child`);
  const child = children.get(String(begun?.value));
  const to = child?.ended_at ?? run.ended_at;
  const whole = step(run, name, "run", { from: begun?.at ?? run.created_at, to });
  return [{ ...whole, ...(child && { see: { run: child.id, key: "" } }) }];
}

function step(
  run: Run,
  name: string,
  kind: string,
  when: { readonly from: number; readonly to: number },
): Span {
  const says = stepOf(name);
  const facts = { "shipmate.step": says, "shipmate.kind": kind };
  return { run: run.id, key: name, in: "", name: says, ...when, facts };
}

function at(entries: readonly Entry[], key: string): number | undefined {
  return entries.find((entry) => entry.key === key)?.at;
}

/** A step's name as it stands in keys. */
function escaped(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("/", "%2F");
}
