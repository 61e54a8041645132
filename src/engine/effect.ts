/**
 * The effect protocol: (a) the intent is recorded if the claim is current, (b) what an earlier try may have done is
 * found, (c) it is run with its key and precondition, (d) its result is recorded under the same claim.
 * An unknown outcome is found, never blindly retried; where nobody can find it, a person is asked.
 */
import type { Effect, Json } from "../core/operation.ts";
import type { Preview, Seen } from "../core/plan.ts";
import type { Entry } from "../store/journal.ts";
import type { Changing } from "./changing.ts";
import { type Choices, thereOrNot } from "./choices.ts";
import { sha256 } from "./digest.ts";
import { steady } from "./faults.ts";

/** How long one call of a provider may take, in milliseconds. */
const callLimit = 120_000;

export interface Doing {
  /** Where it stands: an operation's place, or `2/undo0`. */
  readonly place: string;
  readonly op: string;
  readonly input: Json;
  readonly preview: Preview<Json>;
  readonly seen: Seen;
  readonly choices: Choices;
  /** Taking back has to be done: where a provider refuses, it is tried again and then a person is asked. */
  readonly insists?: boolean;
  /** The intent of what is carried out next, which is recorded with this one's result. */
  readonly next?: Entry | undefined;
}

/** Carries one effect out, once. Comes back when its result is in the journal. */
export async function carryEffect(c: Changing, doing: Doing): Promise<void> {
  const { place, op, input, choices, insists } = doing;
  const did = c.key(place, "did");
  if (c.progress.has(did)) return;
  const key = effectKey(c, place);
  const what = c.parts.operations.effectSpec(op).says(input);
  await steady(c.progress, { step: c.step, scope: place, what, choices, insists }, async () => {
    const intent = c.key(place, "intent");
    const fresh = c.progress.isFresh(intent);
    if (c.progress.has(intent) && !fresh) {
      const found = await findEarlier(c, doing, key);
      if (found) return recordEffect(c, doing, found.did);
    }
    const fence = async () => {
      const entries = c.progress.has(intent) ? [] : [intentOf(c, doing)];
      if (!fresh) await recordIntent(c, place, entries);
      // A process that slept after that commit must not begin what another one may be doing by now.
      c.progress.expectClaim();
      c.progress.meter?.({ is: "passed", point: "after intent", back: isBack(place) });
    };
    const { preview: plan, seen } = doing;
    const signal = AbortSignal.any([c.progress.signal, AbortSignal.timeout(callLimit)]);
    const result = await c.parts.operations.carry(
      op,
      input,
      { key, seen, plan, by: c.progress.run.by_person, signal },
      fence,
    );
    await recordEffect(c, doing, result);
  });
}

async function recordIntent(c: Changing, place: string, entries: readonly Entry[]): Promise<void> {
  c.progress.meter?.({ is: "passed", point: "before intent", back: isBack(place) });
  await c.progress.put(entries);
}

/** What is recorded before an effect is begun. */
export function intentOf(
  c: Changing,
  { place, op, input }: Pick<Doing, "place" | "op" | "input">,
): Entry {
  return { key: c.key(place, "intent"), value: { key: effectKey(c, place), op, input } };
}

/**
 * Finds out what became of an effect that was begun and has no result, and records it. Call it before anything is
 * taken back: an undo may need the result, and what happened must be told.
 */
export async function settleEffect(c: Changing, doing: Doing): Promise<void> {
  const { place, op, choices } = doing;
  if (c.progress.has(c.key(place, "did")) || !c.progress.has(c.key(place, "intent"))) return;
  const what = `find out about: ${c.parts.operations.effectSpec(op).says(doing.input)}`;
  const how = { step: c.step, scope: `${place}/find`, what, choices, insists: true };
  await steady(c.progress, how, async () => {
    const found = await findEarlier(c, doing, effectKey(c, place));
    if (found) await recordEffect(c, doing, found.did);
  });
}

/** The same for every attempt: the run, the change, the operation's place and what was approved. */
function effectKey(c: Changing, place: string): string {
  return sha256([c.progress.run.id, c.step, place, c.plan().digest]).slice(0, 32);
}

/** Whether it takes something back. */
const isBack = (place: string): boolean => place.includes("/undo");

/**
 * The result, the audit row that explains it and the next intent, in one commit. Where nothing is carried out next it is
 * that of the run's end, if that follows in this turn of the event loop.
 */
export async function recordEffect(
  c: Changing,
  doing: Pick<Doing, "place" | "op" | "next">,
  result: Json,
): Promise<void> {
  const { run } = c.progress;
  const back = isBack(doing.place);
  const deed = {
    person: run.by_person,
    surface: "engine",
    did: back ? "took back" : "carried out",
    run: run.id,
    digest: c.plan().digest,
    detail: { step: c.step, place: doing.place, op: doing.op, key: effectKey(c, doing.place) },
  };
  const did = { key: c.key(doing.place, "did"), value: { result } };
  const { next } = doing;
  const entries = next ? [did, next] : [did];
  c.progress.meter?.({ is: "passed", point: "before checkpoint", back });
  if (next) c.progress.meter?.({ is: "passed", point: "before intent", back });
  const later = next ? undefined : ("turn" as const);
  await c.progress.put(entries, { audit: [deed], shows: true, intent: next?.key, later });
  c.progress.meter?.({ is: "effect", run: run.id, step: c.step, op: doing.op, back });
}

/** What an earlier try did; undefined: nothing. */
async function findEarlier(
  c: Changing,
  doing: Doing,
  key: string,
): Promise<{ readonly did: Json } | undefined> {
  const found = await c.parts.operations.find(doing.op, doing.input, key);
  if (found === "not done") return undefined;
  if (found === "unknown") return askPeople(c, doing);
  if (found !== "no find") return found;
  const preview = await lookAgain(c, doing.op, doing.input);
  return "same" in preview ? { did: preview.same } : undefined;
}

/** A preview that builds on nothing planned: how the world is now. */
export function lookAgain(c: Changing, op: string, input: Json): Promise<Preview<Json>> {
  const self: Effect<Json> = { kind: "effect", op, input };
  const { signal, run } = c.progress;
  return c.parts.operations.preview(op, input, {
    ...{ self, before: undefined, planned: () => undefined, by: run.by_person, signal },
  });
}

async function askPeople(c: Changing, doing: Doing): Promise<{ readonly did: Json } | undefined> {
  const asked = c.key(doing.place, "asked");
  const count = Number(c.progress.get(asked) ?? 0);
  const wait = c.key(doing.place, "unknown", String(count));
  const pressed = c.progress.presses.get(wait);
  const what = c.parts.operations.effectSpec(doing.op).says(doing.input);
  if (!pressed) {
    const says = `I could not find out whether this was done: ${what}. Look there, then press one.`;
    return c.progress.park({ kind: "press", step: c.step, wait, says, buttons: thereOrNot });
  }
  if (pressed.button === "it-is-there") {
    const preview = await lookAgain(c, doing.op, doing.input);
    if ("same" in preview) return { did: preview.same };
    const known = "changes" in doing.preview ? (doing.preview.knows ?? {}) : {};
    return { did: c.parts.operations.effectSpec(doing.op).result.parse(known) as Json };
  }
  await c.progress.put([{ key: asked, value: count + 1 }]);
  return undefined;
}
