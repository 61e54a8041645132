/** What one person may do with runs: see, vote, press, cancel, try again, ask why. Each act is one transaction with its audit row. */
import { z } from "zod";
import type { Card } from "../core/card.ts";
import type { Runs, RunView } from "../core/command.ts";
import type { Json } from "../core/operation.ts";
import type { Person } from "../core/person.ts";
import type { Plan } from "../core/plan.ts";
import { refuse } from "../core/refusal.ts";
import { appendAudit } from "../store/audit.ts";
import type { Database, Sql } from "../store/database.ts";
import { hasEntry } from "../store/journal.ts";
import { readLines } from "../store/locks.ts";
import {
  decidePlan,
  insertVote,
  latestPlans,
  listPlans,
  listVotes,
  lockOpenPlan,
  type PlanRow,
  type Vote,
  withdrawVote,
} from "../store/plans.ts";
import { insertPress } from "../store/presses.ts";
import { listRuns, targetsOfRun } from "../store/run-lists.ts";
import { askCancel, findRun, findRunByNumber, type Run, touchRun } from "../store/runs.ts";
import { asJson } from "./acts.ts";
import { short } from "./digest.ts";
import { keyOf } from "./progress.ts";
import { countingVotes, isApproved } from "./votes.ts";
import { targetText } from "./words.ts";

type Verdict = { readonly ok: true } | { readonly ok: false; readonly says: string };
export interface VotePolicy {
  mayVote(person: Person, plan: Plan, vote: "yes" | "no"): Verdict;
  /** Cancel, press, try again: what somebody may do who may change these targets. */
  mayChange(person: Person, targets: readonly string[]): Verdict;
}

/** A button that needs a form first; its JSON Schema says which. */
export class FormNeeded extends Error {
  override readonly name = "FormNeeded";
  readonly run: number;
  readonly button: string;
  readonly label: string;
  readonly schema: Json;
  constructor(needed: { run: number; button: string; label: string; schema: Json }) {
    super(`${needed.label} needs a form`);
    this.run = needed.run;
    this.button = needed.button;
    this.label = needed.label;
    this.schema = needed.schema;
  }
}

export interface RunsParts {
  readonly database: Database;
  readonly person: Person;
  readonly surface: string;
  readonly nameOf: (person: string) => string;
  readonly votes?: VotePolicy;
  /** Around an act that rings a run in SQL, and says so last (`Rung`): sees to it that the run is driven. */
  readonly rings: <R>(act: (rung: Rung) => Promise<R>) => Promise<R>;
  /** Commits the answer together with the act it answers. */
  readonly also?: (sql: Sql, answer: Card) => Promise<void>;
  /** Starts a run of the same input, where the door knows how. */
  readonly again?: (run: Run) => Promise<{ readonly run: string }>;
}

const anybodyAsked: VotePolicy = {
  mayVote: (person, plan) =>
    plan.needs.some((need) => need.people.includes(person.id))
      ? { ok: true }
      : { ok: false, says: "This asks somebody else." },
  mayChange: () => ({ ok: true }),
};

export type Rung = (sql: Sql, run: string) => Promise<void>;
type Write = (sql: Sql) => Promise<unknown>;
/** What is answered, and what is written with it. */
interface Decided {
  readonly gave: Card;
  readonly writes?: readonly Write[];
}

export function runsFor(parts: RunsParts): Runs {
  const { database, person, surface } = parts;
  const policy = parts.votes ?? anybodyAsked;
  /** What is read goes there as one, and so does what is written, with the answer and the commit. */
  const act = async <L>(
    name: string,
    looks: (sql: Sql, name: string | number) => Promise<L>,
    decide: (sql: Sql, run: Run, seen: L) => Promise<Decided>,
  ): Promise<Card> => {
    return parts.rings((rung) =>
      database.transaction(async (sql, last) => {
        // A power cut loses the act, not what was said: it is dealt with again. Everybody locks a run before its plans.
        const [found, seen] = await Promise.all([
          touchRun(sql, named(name)),
          looks(sql, named(name)),
        ]);
        const run = found ?? noRun(name);
        const { gave, writes = [] } = await decide(sql, run, seen);
        last();
        await Promise.all([
          ...writes.map((write) => write(sql)),
          parts.also?.(sql, gave),
          rung(sql, run.id),
        ]);
        return gave;
      }),
    );
  };
  const nothing = async () => undefined;
  const audit = (
    did: string,
    run: Run,
    { digest, detail = {} }: { digest?: string; detail?: { readonly [name: string]: Json } } = {},
  ): Write => {
    const deed = { person: person.id, surface, did, run: run.id, digest, detail };
    return (sql) => appendAudit(sql, deed);
  };
  const mayChange = async (sql: Sql, run: Run) => {
    if (run.by_person === person.id) return;
    const verdict = policy.mayChange(person, await targetsOfRun(sql, run.id));
    if (!verdict.ok) refuse(verdict.says);
  };

  return {
    async open(of) {
      const rows = await listRuns(database, { of, ended: false, limit: 100 });
      return Promise.all(rows.map((run) => view(parts, run)));
    },
    async list(query) {
      const rows = await listRuns(database, query);
      return Promise.all(rows.map((run) => view(parts, run)));
    },
    async lines(of) {
      const rows = await readLines(database, of);
      return rows.map(({ target, by, ...row }) => {
        const what = target.startsWith("team:") ? target.slice(5) : targetText(target);
        return { ...row, what, by: { id: by, name: parts.nameOf(by) } };
      });
    },
    vote: (name, digest, vote, why) => {
      const looks = (sql: Sql, run: string | number) =>
        Promise.all([lockOpenPlan(sql, run), listVotes(sql, run)]);
      return act(name, looks, async (sql, run, [plan, votes]) => {
        if (!plan) return refuse(await decidedText(parts, sql, run));
        if (digest.length < 8 || !plan.digest.startsWith(digest))
          refuse(
            `The plan changed since that card: look at run ${run.number} again (${short(plan.digest)}).`,
          );
        if (vote === "withdraw") {
          const had = await withdrawVote(sql, run.id, plan.digest, person.id);
          if (!had) refuse(`You have not voted on run ${run.number}.`);
          const gave = { title: `Your vote on run ${run.number} is withdrawn.` };
          return { gave, writes: [audit("withdrew a vote", run, { digest: plan.digest })] };
        }
        const verdict = policy.mayVote(person, plan.body, vote);
        if (!verdict.ok) refuse(verdict.says);
        const { step } = plan;
        const mine = { step, digest: plan.digest, person: person.id, vote, surface };
        // Whoever votes has the run's row: nobody does so meanwhile.
        if (votes.some((other) => isSame(other, mine)))
          refuse(`You have voted on run ${run.number} already. Withdraw first to change it.`);
        const told = {
          did: vote === "yes" ? "approved" : "rejected",
          detail: why ? { why } : {},
        };
        const insert: Write = (sql) => insertVote(sql, { ...mine, run: run.id, why }, told);
        if (vote === "no") {
          const says = `${person.name} rejected this${why ? `: "${why}"` : ""}. Nothing changed.`;
          const reject: Write = (sql) => decidePlan(sql, plan.id, "rejected", says);
          return { gave: { title: `You rejected: ${run.title}.` }, writes: [insert, reject] };
        }
        const counted = { ...mine, why: why ?? null, at: plan.at, withdrawn_at: null };
        const title = `You approved: ${run.title}.`;
        if (isApproved(plan.body, step, [...votes, counted])) {
          const approve: Write = (sql) => decidePlan(sql, plan.id, "approved");
          return { gave: { title }, writes: [insert, approve] };
        }
        const needed = stillNeeded(parts, plan, [...votes, counted]);
        return { gave: { title: `${title} ${needed}` }, writes: [insert] };
      });
    },
    press: (name, button, form) =>
      act(name, nothing, async (sql, run) => {
        const waits = run.waits ?? [];
        const wait = waits.find((one) => one.buttons?.some((b) => b.name === button));
        const found = wait?.buttons?.find((b) => b.name === button);
        if (!wait?.wait || !found) return refuse(noButton(run, button));
        await mayChange(sql, run);
        if (await hasEntry(sql, run.id, keyOf(wait.step, "out")))
          refuse(`Run ${run.number} went on in this very moment. Look at its card again.`);
        const value = found.form ? checkedForm(run, button, found, form) : null;
        const pressed = await insertPress(sql, {
          ...{ run: run.id, wait: wait.wait, button, form: value, person },
        });
        if (pressed)
          refuse(`${pressed.person.name} already chose: ${labelOf(run, pressed.button)}.`);
        const told = audit(`pressed ${button}`, run, { detail: { wait: wait.wait } });
        return { gave: { title: `${found.label}: ${run.title}.` }, writes: [told] };
      }),
    cancel: (name) =>
      act(name, nothing, async (sql, run) => {
        if (run.ended_at !== null) return refuse(endedText(run));
        await mayChange(sql, run);
        const cancel: Write = (sql) => askCancel(sql, run.id, person);
        return {
          gave: { title: `Cancelling: ${run.title}.` },
          writes: [cancel, audit("cancelled", run)],
        };
      }),
    async retry(name) {
      const run = await findAny(database, name);
      if (run.ended_at === null)
        refuse(`Run ${run.number} is still under way. Cancel it first, or wait for its end.`);
      if (!parts.again) return refuse("Nothing can be started from here.");
      return parts.again(run);
    },
    async why(name) {
      const run = await findAny(database, name);
      return whyCard(parts, database, run);
    },
  };
}

const isSame = (vote: Vote, { step, digest, person }: Pick<Vote, "step" | "digest" | "person">) =>
  vote.step === step &&
  vote.digest === digest &&
  vote.person === person &&
  vote.withdrawn_at === null;

/** By number or id. A Refusal where there is none. */
async function findAny(sql: Sql, text: string): Promise<Run> {
  const name = named(text);
  const run =
    typeof name === "number" ? await findRunByNumber(sql, name) : await findRun(sql, name);
  return run ?? noRun(text);
}

function named(text: string): string | number {
  const name = text.replace(/^#/, "");
  return /^\d{1,15}$/.test(name) ? Number(name) : name;
}

function noRun(text: string): never {
  return refuse(`There is no run ${named(text)}. Say "runs" to see the latest.`);
}

async function view(parts: RunsParts, run: Run): Promise<RunView> {
  const plans = run.ended_at === null ? await latestPlans(parts.database, run.id) : new Map();
  const open: PlanRow | undefined = [...plans.values()].find(
    (plan: PlanRow) => plan.state === "open",
  );
  return {
    ...{ id: run.id, number: run.number, title: run.title, state: run.state, says: run.says },
    by: { id: run.by_person, name: parts.nameOf(run.by_person) },
    at: run.created_at,
    ...(open && { digest: short(open.digest) }),
  };
}

async function decidedText(parts: RunsParts, sql: Sql, run: Run): Promise<string> {
  if (run.ended_at !== null) return endedText(run);
  const last = (await listPlans(sql, run.id)).at(-1);
  if (last?.state === "approved" && last.body.needs.length > 0) {
    const votes = await listVotes(sql, run.id);
    const names = countingVotes(last.body, last.step, votes).map((v) => parts.nameOf(v.person));
    return `${names.join(" and ")} already approved run ${run.number}.`;
  }
  if (last?.state === "open")
    return `The time to answer run ${run.number} is over. Nothing changed; ask for it again.`;
  if (last?.state === "void") {
    const why = last.why ? ` (${last.why.replace(/\.$/, "")})` : "";
    return `${run.title} is being planned anew${why}. Answer when its card asks again.`;
  }
  return `Run ${run.number} asks nobody right now. Look at its card again.`;
}

function endedText(run: Run): string {
  return `Run ${run.number} has ended (${run.state}): ${run.says}`;
}

function noButton(run: Run, button: string): string {
  if (run.ended_at !== null) return endedText(run);
  const names = (run.waits ?? []).flatMap((wait) => wait.buttons ?? []).map((b) => b.name);
  return names.length > 0
    ? `Run ${run.number} has no "${button}" now. It has: ${names.join(", ")}.`
    : `Run ${run.number} waits for no button now. Look at its card again.`;
}

function labelOf(run: Run, button: string): string {
  const all = (run.waits ?? []).flatMap((wait) => wait.buttons ?? []);
  return all.find((one) => one.name === button)?.label ?? button;
}

function checkedForm(
  run: Run,
  button: string,
  found: { readonly label: string; readonly schema?: Json | undefined },
  form: unknown,
): Json {
  const schema = asJson(found.schema ?? {});
  const check = z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(schema));
  const checked = check.safeParse(form ?? {});
  if (checked.success) return asJson(checked.data);
  const { label } = found;
  throw new FormNeeded({ run: run.number, button, label, schema });
}

/** `Still needed: one of payments (Grace or Linus).` */
export function stillNeeded(
  parts: Pick<RunsParts, "nameOf">,
  plan: Pick<PlanRow, "step" | "body">,
  votes: Parameters<typeof countingVotes>[2],
): string {
  const yes = countingVotes(plan.body, plan.step, votes).filter((vote) => vote.vote === "yes");
  const lines = plan.body.needs.flatMap((need) => {
    const given = yes.filter((vote) => need.people.includes(vote.person)).map((v) => v.person);
    const left = need.count - given.length;
    if (left <= 0) return [];
    const people = need.people.filter((id) => !given.includes(id)).map(parts.nameOf);
    return [`${left === 1 ? "one" : left} of ${need.of}: ${people.join(" or ")}`];
  });
  return lines.length > 0 ? `Waiting for ${lines.join(", and ")}.` : "";
}

async function whyCard(parts: RunsParts, sql: Sql, run: Run): Promise<Card> {
  const plans = await listPlans(sql, run.id);
  const votes = await listVotes(sql, run.id);
  const last = plans.at(-1);
  const rows = votes.map((vote) => [
    parts.nameOf(vote.person),
    vote.withdrawn_at !== null ? "withdrew" : vote.vote === "yes" ? "approved" : "rejected",
    short(vote.digest),
    vote.why ?? "",
  ]);
  const columns = ["Who", "Said", "Plan", "Because"];
  const width = rows.some((row) => row[3] !== "") ? 4 : 3;
  return {
    title: `Why run ${run.number} ${verbs[run.state] ?? `is ${run.state}`}`,
    says: [
      run.says,
      last && run.ended_at === null && last.state === "open" ? stillNeeded(parts, last, votes) : "",
      last?.why ?? "",
    ]
      .filter((text, i, all) => text !== "" && all.indexOf(text) === i)
      .join(" "),
    fields: {
      "Asked by": parts.nameOf(run.by_person),
      ...(last && { Rule: last.body.rule, Plan: short(last.digest) }),
    },
    ...(rows.length > 0 && {
      columns: columns.slice(0, width),
      rows: rows.map((row) => row.slice(0, width)),
    }),
  };
}

/** How each end reads after the run's number. */
const verbs: { readonly [state: string]: string } = {
  succeeded: "succeeded",
  expired: "expired",
  "nothing to do": "had nothing to do",
  refused: "was refused",
  rejected: "was rejected",
  cancelled: "was cancelled",
  "taken back": "was taken back",
  abandoned: "was abandoned",
};
