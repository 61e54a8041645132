/** What differs between two versions' content, where neither is there to be tried on. */
import type { Change } from "../../../core/plan.ts";
import type { KubeObject } from "../../../expand/object.ts";
import { nameOf, refOf } from "../order.ts";
import { differences } from "../plan/diff.ts";
import { newText, thereText } from "../plan/hints.ts";
import { objectText, told } from "../plan/words.ts";
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
    if (!old) return [{ of, field: objectText(refOf(object)), from: null, to: newText(object) }];
    const isMain = isRunning(object) && object.metadata.name === at.service;
    const whose = { service: at.service, object, isMain };
    return differences(old, object, object).map((one) => ({ of, ...told(one, whose) }));
  });
  const gone = before
    .filter((object) => !wanted.has(nameOf(object)))
    .map(refOf)
    .map((ref) => ({ of, field: objectText(ref), from: thereText(ref), to: null }));
  return [...changed, ...gone];
}
