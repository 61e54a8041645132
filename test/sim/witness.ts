/**
 * Stands beside the world and looks at each effect in the moment in which it happens: was it asked for once (I1), by a
 * plan that a quorum or a named rule approved (I2), as that plan says (I3), by the holder of its targets (I4), in
 * order (I5)? It knows the rules by itself and reads the database behind everybody's back.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Json } from "../../src/core/operation.ts";
import { canonical, type Plan, type PlanNode } from "../../src/core/plan.ts";
import type { Run } from "../../src/core/provider.ts";
import type { PlanPolicy } from "../../src/engine/policy.ts";
import type { Database } from "../../src/store/database.ts";
import type { World } from "../engine/world/world.ts";
import type { Actor, Stage } from "./stage.ts";

export interface Asked {
  readonly actor: Actor;
  readonly op: string;
  readonly input: Json;
  readonly how: Run<Json>;
}

export interface Witness {
  /** Called when a process asks for an effect; gives what does it when the request arrives. */
  asked(asked: Asked, effect: () => Promise<Json>): () => Promise<Json>;
  /** What the remote itself knows of an effect by its key. */
  find(key: string): { readonly did: Json } | "not done";
  /** Where each effect that happened belongs. */
  readonly places: ReadonlyMap<string, { readonly run: string; readonly entry: string }>;
}

export interface WitnessParts {
  readonly database: Database;
  readonly stage: Stage;
  readonly world: World;
  readonly policy: PlanPolicy;
  readonly wrong: (says: string) => void;
}

const Facts = z.object({
  run: z.string(),
  entry: z.string(),
  requester: z.string(),
  workflow: z.string(),
  input: Json,
  ended: z.boolean(),
  keys: z.record(z.string(), Json),
  plans: z.array(
    z.object({
      step: z.string(),
      state: z.string(),
      why: z.string().nullable(),
      body: z.custom<Plan>((value) => typeof value === "object"),
    }),
  ),
  votes: z.array(
    z.object({
      ...{ step: z.string(), digest: z.string(), person: z.string(), vote: z.string() },
      withdrawn_at: z.number().nullable(),
    }),
  ),
  locks: z.array(z.object({ target: z.string(), run: z.string(), held: z.boolean() })),
});
type Facts = z.output<typeof Facts>;

export function witnessOf(parts: WitnessParts): Witness {
  const { database, stage, world } = parts;
  const results = new Map<string, Json>();
  const places = new Map<string, { run: string; entry: string }>();
  const under = new Map<string, { readonly actor: Actor; readonly since: number }[]>();

  const factsOf = async (key: string): Promise<Facts | undefined> => {
    const rows = await database.query(
      Facts,
      `SELECT j.run, j.key AS entry, r.by_person AS requester, r.workflow, r.input, r.ended_at IS NOT NULL AS ended,
         (SELECT jsonb_object_agg(key, value) FROM shipmate.journal WHERE run = j.run) AS keys,
         (SELECT COALESCE(jsonb_agg(p ORDER BY p.id), '[]') FROM shipmate.plans p WHERE p.run = j.run) AS plans,
         (SELECT COALESCE(jsonb_agg(v), '[]') FROM shipmate.votes v WHERE v.run = j.run) AS votes,
         (SELECT COALESCE(jsonb_agg(l), '[]') FROM shipmate.locks l) AS locks
       FROM shipmate.journal j JOIN shipmate.runs r ON r.id = j.run
       WHERE j.key LIKE '%/intent' AND j.value->>'key' = $1`,
      [key],
    );
    return rows[0];
  };
  const judge = async ({ op, input, how }: Asked): Promise<void> => {
    const wrong = (says: string) => parts.wrong(`${says} (${op} ${canonical(input)})`);
    const facts = await factsOf(how.key);
    if (!facts) return wrong("I2: an effect happened whose intent stands nowhere");
    places.set(how.key, { run: facts.run, entry: facts.entry });
    if (facts.ended) wrong("I5: an effect happened after the end of its run");
    const { step, place } = placeOf(facts.entry);
    const row = facts.plans.findLast(
      (plan) => plan.step === step && keyOf(facts.run, step, place, plan.body.digest) === how.key,
    );
    if (!row) return wrong("I2: an effect happened that stands in no plan of its run");
    const plan = row.body;
    if (row.state !== "approved")
      wrong(`I2: an effect happened whose plan is ${row.state}, ${row.why}`);
    const says = quorum(parts.policy, facts, step, plan);
    if (says) wrong(`I2: ${says}`);
    const differs = unlikePlan(plan, place, { op, input, how });
    if (differs) wrong(`I3: ${differs}`);
    const node = plan.nodes.find((one) => one.place === place.split("/")[0]);
    const held = heldBy(facts, node?.on ?? []);
    if (held) wrong(`I4: ${held}`);
    const early = outOfOrder(facts, plan, step, place);
    if (early) wrong(`I5: ${early}`);
  };
  return {
    places,
    find: (key) => (results.has(key) ? { did: results.get(key) ?? null } : "not done"),
    asked(asked, effect) {
      const { key } = asked.how;
      const { actor } = asked;
      const since = stage.now();
      if (results.has(key))
        parts.wrong(`I1: ${asked.op} was asked for again after it was done (${key.slice(0, 8)})`);
      const others = under.get(key) ?? [];
      const alive = (one: { actor: Actor; since: number }) =>
        !one.actor.dead && one.actor.troubled < one.since && one.actor.asleep < one.since;
      if (others.some((one) => one.actor !== actor && alive(one)))
        parts.wrong(`I1: ${asked.op} was taken from a process that lives and does it`);
      const mine = { actor, since };
      under.set(key, [...others.filter(alive), mine]);
      const over = () =>
        under.set(
          key,
          (under.get(key) ?? []).filter((one) => one !== mine),
        );
      asked.how.signal.addEventListener("abort", over);
      return async () => {
        over();
        // Two processes asked side by side, one of them behind its time: the remote refuses the second.
        if (results.has(key)) throw new Error("409 this was done already");
        const before = world.writes.length;
        await judge(asked);
        const result = await effect();
        results.set(key, result);
        const wrote = world.writes.slice(before);
        if (wrote.length !== 1 || wrote[0]?.key !== key)
          parts.wrong(`I1: ${asked.op} happened ${wrote.length} times`);
        return result;
      };
    },
  };
}

/** `ship%2Fit/2/undo0/intent`: the step, and `2/undo0`. */
export function placeOf(entry: string): { readonly step: string; readonly place: string } {
  const [step = "", ...rest] = entry.split("/");
  const place = rest.slice(0, -1).join("/");
  return { step: step.replaceAll("%2F", "/").replaceAll("%25", "%"), place };
}

function keyOf(run: string, step: string, place: string, digest: string): string {
  const text = canonical([run, step, place, digest]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** What is wrong with the approval; undefined where it is right. */
function quorum(policy: PlanPolicy, facts: Facts, step: string, plan: Plan): string | undefined {
  const { requester, workflow, input } = facts;
  if (plan.requester !== requester) return "the plan names another requester";
  const { nodes, targets } = plan;
  const ruled = policy({ requester, nodes, targets, workflow, input });
  if (ruled.needs.length === 0) return ruled.rule === plan.rule ? undefined : "no rule allows it";
  for (const need of ruled.needs) {
    const people = facts.votes.filter(
      (vote) =>
        vote.step === step &&
        vote.digest === plan.digest &&
        vote.vote === "yes" &&
        vote.withdrawn_at === null &&
        vote.person !== requester &&
        need.people.includes(vote.person),
    );
    const count = new Set(people.map((vote) => vote.person)).size;
    if (count < need.count) return `${count} of ${need.count} approved it`;
    if (count < people.length) return "somebody voted twice";
  }
  return undefined;
}

function unlikePlan(
  plan: Plan,
  place: string,
  { op, input, how }: Omit<Asked, "actor">,
): string | undefined {
  const [at = "", undo] = place.split("/undo");
  const node = plan.nodes.find((one) => one.place === at);
  if (!node || !("changes" in node.preview)) return `nothing is planned at ${place}`;
  if (undo === undefined) {
    if (node.op !== op || !fits(node.input, input)) return "another input than was planned";
    if (canonical(how.seen) !== canonical(node.preview.seen)) return "another precondition";
    return undefined;
  }
  if ("irreversible" in node.preview.undo) return "it was said that nothing takes this back";
  const act = node.preview.undo[Number(undo)];
  if (act?.kind !== "effect" || act.op !== op || !fits(act.input, input))
    return "taken back in another way than was planned";
  return undefined;
}

/** The same, where a value that was known only after may be anything. */
function fits(planned: unknown, now: unknown): boolean {
  if (typeof planned !== "object" || planned === null) return planned === now;
  if ("$from" in planned) return true;
  if (typeof now !== "object" || now === null) return false;
  const keys = [...new Set([...Object.keys(planned), ...Object.keys(now)])];
  return keys.every((key) => fits(Reflect.get(planned, key), Reflect.get(now, key)));
}

function heldBy({ run, locks }: Facts, targets: readonly string[]): string | undefined {
  for (const target of targets) {
    const holders = locks.filter(
      (lock) =>
        lock.held &&
        (`${lock.target}/`.startsWith(`${target}/`) || `${target}/`.startsWith(`${lock.target}/`)),
    );
    if (!holders.some((lock) => lock.run === run && lock.target === target))
      return `${target} is not held`;
    if (holders.some((lock) => lock.run !== run)) return `${target} has two holders`;
  }
  return undefined;
}

/** An effect whose forerunners are not done, or one after the change began to be taken back. */
function outOfOrder(facts: Facts, plan: Plan, step: string, place: string): string | undefined {
  const has = (...rest: string[]) =>
    [step.replaceAll("%", "%25").replaceAll("/", "%2F"), ...rest].join("/") in facts.keys;
  if (!has("begun")) return "the change was not begun";
  if (place.includes("/undo")) {
    const at = place.split("/")[0] ?? "";
    const scopes = [...at.matchAll(/\./g)].map(({ index }) => at.slice(0, index + 1));
    const undoing = has("undoing") || scopes.some((scope) => has(scope, "undoing"));
    return undoing ? undefined : "taken back without a reason";
  }
  if (has("undoing")) return "it goes on while the change is taken back";
  const backed = (node: PlanNode) =>
    [...node.place.matchAll(/\./g)].some(({ index }) =>
      has(node.place.slice(0, index + 1), "back"),
    );
  const missing = plan.nodes.find(
    (node) => isBefore(node.place, place) && !has(node.place, "did") && !backed(node),
  );
  return missing && `${place} happened before ${missing.place}`;
}

/** In one list what stands earlier is before; parts of a group stand side by side. */
function isBefore(a: string, b: string): boolean {
  const [x, y] = [a.split("."), b.split(".")];
  const i = x.findIndex((part, at) => part !== y[at]);
  return i >= 0 && i % 2 === 0 && Number(x[i]) < Number(y[i]);
}
