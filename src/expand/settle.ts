/** What a manifest means in one environment: the words of platform.yaml and manifest laid over each other, defaults filled in. */
import type { Json } from "../core/operation.ts";
import { refuse } from "../core/refusal.ts";
import type { Expansion } from "../platform/expansion.ts";
import { own } from "../platform/own.ts";
import { WebSpec, type WebSpecInput } from "../platform/web-spec.ts";

/**
 * From the weakest to the strongest: the schema's defaults, `environments.<name>.web.defaults` of platform.yaml, the
 * manifest, what the manifest says under `environments.<name>`. Settings within settings are laid over each other the
 * same way; a list or value replaces the one before.
 */
export function settle(
  { environments = {}, ...spec }: WebSpecInput,
  at: { readonly service: string; readonly environment: string },
  { defaults = {}, route }: Expansion,
): WebSpec {
  const here = own(environments, at.environment) ?? {};
  const host = route.host?.replaceAll("{service}", at.service);
  const routed = host !== undefined && spec.ingress !== undefined ? { ingress: { host } } : {};
  const settled = WebSpec.parse([defaults, spec, routed, here].reduce<unknown>(over, {}));
  checkVolumes(settled, at.environment);
  return settled;
}

/** Laid over: maps key by key, anything else as a whole. */
function over(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above;
  const merged: [string, unknown][] = Object.entries(above).map(([key, value]) => [
    key,
    isMap(value) && isMap(own(below, key)) && !isSource(value)
      ? over(own(below, key), value)
      : value,
  ]);
  return Object.fromEntries([...Object.entries(below), ...merged]);
}

const isMap = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Where a variable's value comes from: one thing, never half of one and half of another. */
const isSource = (value: object): boolean =>
  "key" in value && ("secret" in value || "config" in value);

function checkVolumes(spec: WebSpec, environment: string): void {
  const most = Math.max(spec.replicas, scales(spec.autoscale, spec.replicas)?.max ?? 0);
  for (const [name, { persistent, shared }] of Object.entries(spec.volumes))
    if (persistent && !shared && most > 1)
      refuse(
        `The volume ${name} can be used by one pod at a time, and ${environment} has up to ${most}: say replicas: 1 and autoscale: { enabled: false }, or shared: true.`,
      );
}

/** From how many to how many it scales by itself; undefined where it does not. */
export function scales(
  { enabled, min, max }: WebSpec["autoscale"],
  replicas: number,
): { readonly min: number; readonly max: number } | undefined {
  const least = min ?? replicas;
  const most = max ?? least * 3;
  return enabled && replicas > 0 && most > least ? { min: least, max: most } : undefined;
}
