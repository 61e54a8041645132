/** Whose an object in a namespace is, as its labels tell. */
import { type KubeObject, marks } from "../../expand/object.ts";
import type { Spot } from "./types.ts";

/** Nobody's, or this service's here. Two environments in one namespace are told apart. */
export function isOwn(spot: Spot, { metadata: { labels = {} } }: KubeObject): boolean {
  const { [marks.service]: service, [marks.environment]: environment } = labels;
  return (
    service === undefined ||
    (service === spot.service && (environment ?? spot.environment) === spot.environment)
  );
}
