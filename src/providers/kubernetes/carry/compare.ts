/** What differs between two versions' content, where neither is there to be tried on. */
import type { Change } from "../../../core/plan.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { nameOf, refOf } from "../order.ts";
import { about, inAll } from "../plan/about.ts";
import { accessChange } from "../plan/access.ts";
import { differences } from "../plan/diff.ts";
import { newText, thereText } from "../plan/hints.ts";
import { objectText, told, type Whose, wordsBefore } from "../plan/words.ts";
import { type At, isRunning, mainOf } from "./deck.ts";

/** In people's words. */
export function compare(
  at: At,
  before: readonly KubeObject[],
  after: readonly KubeObject[],
): readonly Change[] {
  const of = mainOf(at);
  const was = new Map(before.map((object) => [nameOf(object), object]));
  const wanted = new Set(after.map(nameOf));
  const changed = after.flatMap((object): readonly Change[] => {
    const old = was.get(nameOf(object));
    const whose = whoseOf(at, object);
    const warnings = accessChange(old, object, wordsBefore(whose)).map((one) => ({ of, ...one }));
    if (!old)
      return [
        { of, field: objectText(refOf(object)), from: null, to: newText(object) },
        ...warnings,
      ];
    const changes = differences(old, object, object).map((one) => ({ of, ...told(one, whose) }));
    return [...warnings, ...changes];
  });
  const gone = before
    .filter((object) => !wanted.has(nameOf(object)))
    .map(refOf)
    .map((ref) => ({ of, field: objectText(ref), from: thereText(ref), to: null }));
  const fresh = after.filter((object) => !was.has(nameOf(object)));
  const details = inAll(fresh.flatMap((object) => about(object, object, whoseOf(at, object))));
  return [...changed, ...gone, ...details.map((one) => ({ of, ...one }))];
}

function whoseOf({ service }: At, object: KubeObject): Whose {
  return { service, object, isMain: isRunning(object) && object.metadata.name === service };
}
