/** From how many to how many replicas there are. */
import type { WebSpec } from "../platform/web-spec.ts";

/** Undefined where it does not scale by itself: then there are `replicas`. */
export function scales(
  { enabled, min, max }: WebSpec["autoscale"],
  replicas: number,
): { readonly min: number; readonly max: number } | undefined {
  const least = min ?? replicas;
  const most = max ?? least * 3;
  return enabled && replicas > 0 && most > least ? { min: least, max: most } : undefined;
}
