/** What a version consists of in an environment, and that what is carried out is what was approved. */
import { canonical, type Preview, type Seen } from "../../../core/plan.ts";
import { Moved, refuse } from "../../../core/refusal.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { nameOf } from "../order.ts";
import { contentOf } from "../plan/grounds.ts";
import type { Known } from "../plan/preview.ts";
import { inTens } from "../tens.ts";
import type { Spot } from "../types.ts";
import { addressOf } from "../url.ts";
import type { Question } from "./ahead.ts";
import { type At, type Deck, fieldOf, idOf, labelled, mainOf } from "./deck.ts";
import { packed } from "./records.ts";

export type Input = At & { readonly version: string; readonly like?: string | undefined };

export interface Made {
  /** In the order of their names. */
  readonly objects: readonly KubeObject[];
  /** Digests by image. */
  readonly pins: Readonly<Record<string, string>>;
  readonly url: string | null;
}

/** What a plan was made of. */
export interface Kept {
  readonly made: Made;
  /** What was found out; undefined where nothing of it is there yet. */
  readonly weighed?: Known;
  /** What the cluster was asked for it. */
  readonly asked: readonly Question[];
}

export interface Making {
  /** The exact content of the release that it is to be like, where that is kept; else what the manifests say today. */
  make(spot: Spot, input: Input, signal: AbortSignal): Promise<Made>;
  /** Keeps what a plan's `will` tells of, so that it need not be made and found out again. */
  remember(spot: Spot, will: Seen, kept: Kept): void;
  /** What was kept for this `will`. */
  remembered(spot: Spot, will: Seen): Kept | undefined;
  /** Throws Moved where it can't be made any more as the plan's `will` tells. */
  approved(spot: Spot, input: Input, will: Seen, signal: AbortSignal): Promise<Made>;
}

export function making({ records, source }: Pick<Deck, "records" | "source">): Making {
  const last = new Map<string, { readonly will: string; readonly kept: Kept }>();

  async function made(
    spot: Spot,
    input: Input,
    pinned: Made["pins"] | undefined,
    signal: AbortSignal,
  ): Promise<Made> {
    const { objects, pins } =
      (await earlier(spot, input, signal)) ?? (await rendered(spot, input, pinned, signal));
    packed(spot, objects);
    return { objects, pins, url: addressOf(objects) };
  }

  async function earlier(spot: Spot, { like, version }: Input, signal: AbortSignal) {
    if (like === undefined) return undefined;
    const number = Number(like.split("/")[0]);
    // In this order: whatever took its place before the content was read shows in the list.
    const objects = await records.content(spot, number, signal);
    const all = await records.list(spot, signal);
    const kept = all.find((one) => one.number === number);
    if (kept && like.includes("/") && idOf(kept) !== like)
      refuse(
        `Release ${number} of ${spot.service} is no longer the one that was kept: somebody has made its record anew in ${spot.namespace}. Deploy ${version} instead.`,
      );
    return objects && { objects, pins: kept?.pins ?? {} };
  }

  async function rendered(
    { service, environment, namespace }: Spot,
    { version }: Input,
    pinned: Made["pins"] | undefined,
    signal: AbortSignal,
  ) {
    const at = { service, environment, namespace, version };
    const { objects, pins } = await source.render(at, pinned, signal);
    const found = pins.flatMap(({ image, digest }) => (digest ? [[image, digest] as const] : []));
    const named = labelled(at, objects).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return { objects: named, pins: Object.fromEntries(found) };
  }

  function remembered(spot: Spot, will: Seen): Kept | undefined {
    const known = last.get(keyOf(spot));
    return known?.will === canonical(will) ? known.kept : undefined;
  }

  return {
    make: (spot, input, signal) => made(spot, input, undefined, signal),
    remember(spot, will, kept) {
      last.set(keyOf(spot), { will: canonical(will), kept });
    },
    remembered,
    async approved(spot, input, will, signal) {
      const known = remembered(spot, will);
      if (known) return known.made;
      const pins = fieldOf(will[mainOf(input)], "pins") as Made["pins"] | undefined;
      const it = await made(spot, input, pins, signal);
      if (await isAsPlanned(it.objects, will)) return it;
      throw new Moved(
        `What ${input.service} ${input.version} consists of has changed since this was planned.`,
      );
    },
  };
}

/** None where nothing would change, or nothing was planned yet. */
export function willIn(plan: Preview<unknown> | undefined): Seen {
  return plan && "will" in plan ? plan.will : {};
}

/** Whether these are the very objects of which a plan's `will` tells; the namespace may be made besides. */
export async function isAsPlanned(objects: readonly KubeObject[], will: Seen): Promise<boolean> {
  const contents = await inTens(objects, contentOf);
  const names = objects.map(nameOf);
  const wanted = Object.keys(will).filter(
    (name) => !name.startsWith("Namespace/") && fieldOf(will[name], "content") !== undefined,
  );
  const isSame = (name: string, i: number) => canonical(will[name]) === canonical(contents[i]);
  return names.length === wanted.length && names.every(isSame);
}

/** The `will` of what is not tried out. */
export async function contents({ objects }: Made): Promise<Seen> {
  const all = await inTens(objects, contentOf);
  return Object.fromEntries(objects.map((object, i) => [nameOf(object), all[i] ?? null]));
}

const keyOf = ({ own, namespace, service, environment }: Spot): string =>
  [own.name, namespace, environment, service].join("/");
