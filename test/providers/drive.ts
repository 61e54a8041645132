/** Carries out operations of the role clusters by hand, as the engine would. */
import { setTimeout as pause } from "node:timers/promises";
import type { Effect } from "../../src/core/operation.ts";
import type { Preview, Seen } from "../../src/core/plan.ts";
import type { Provider, See } from "../../src/core/provider.ts";
import type { clusters } from "../../src/roles/clusters.ts";

export type Clusters = Provider<typeof clusters>;
export interface At {
  readonly service: string;
  readonly environment: string;
}
type Released = { url: string | null };
export type Rollout = Awaited<ReturnType<Clusters["rollout"]>>;

export const open: AbortSignal = new AbortController().signal;

export function see<R>(): See<R> {
  const self: Effect<R> = { kind: "effect", op: "test", input: {} };
  return { self, before: undefined, planned: () => undefined, signal: open };
}

/** The preview, which must not say `same`. */
export async function changes<R>(preview: Promise<Preview<R>>) {
  const it = await preview;
  if ("same" in it) throw new Error("expected changes, but nothing would change");
  return it;
}

export interface Release extends At {
  readonly version: string;
}

/** Previews and runs a release under a key. */
export async function release(provider: Clusters, input: Release, key: string): Promise<Released> {
  const plan = await changes(provider.release.preview(input, see()));
  return provider.release.run(input, bound(plan, key));
}

export function bound<R>(plan: Preview<R> & { seen: Seen }, key: string, signal = open) {
  return { key, seen: plan.seen, plan, signal };
}

/** Carries out the operations of an undo, last first; those that would change nothing are left out. */
export async function undo(provider: Clusters, plan: Preview<Released>, key: string) {
  if ("same" in plan || "irreversible" in plan.undo) throw new Error("there is no undo");
  for (const act of plan.undo.toReversed()) {
    if (act.kind !== "effect") throw new Error("an undo here is made of effects only");
    await carry(provider, act, `${key} undo`);
  }
}

/** The rollout's end. */
export async function settled(provider: Clusters, at: At, limit = 60_000): Promise<Rollout> {
  return eventually(
    () => provider.rollout(at, open),
    (rollout) => rollout.state !== "going",
    limit,
  );
}

/** Asks again until `test` holds; throws with the last answer where it does not in time. */
export async function eventually<R>(
  ask: () => R | Promise<R>,
  test: (answer: R) => boolean,
  limit = 60_000,
): Promise<R> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (test(answer)) return answer;
    if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(answer)}`);
    await pause(25);
  }
}

export async function texts(lines: AsyncIterable<{ text: string }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text } of lines) all.push(text);
  return all;
}

async function carry(provider: Clusters, act: Effect, key: string): Promise<void> {
  const { service, environment, version } = inputOf(act);
  if (act.op === "clusters.release" && version !== undefined) {
    const input = { service, environment, version };
    const plan = await provider.release.preview(input, see());
    if (!("same" in plan)) await provider.release.run(input, bound(plan, key));
  } else if (act.op === "clusters.remove") {
    const input = { service, environment };
    const plan = await provider.remove.preview(input, see());
    if (!("same" in plan)) await provider.remove.run(input, bound(plan, key));
  } else throw new Error(`an undo here has no ${act.op}`);
}

function inputOf({ input }: Effect): At & { version?: string } {
  const field = (name: string): unknown =>
    typeof input === "object" && input !== null ? Reflect.get(input, name) : undefined;
  const version = field("version");
  return {
    service: String(field("service")),
    environment: String(field("environment")),
    ...(typeof version === "string" ? { version } : {}),
  };
}
