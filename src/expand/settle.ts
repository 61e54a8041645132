/** What a manifest means in one environment: the words of platform.yaml and manifest laid over each other, defaults filled in. */
import { refuse } from "../core/refusal.ts";
import type { Expansion } from "../platform/expansion.ts";
import { own } from "../platform/own.ts";
import { Source } from "../platform/web-parts.ts";
import { WebSpec, type WebSpecInput } from "../platform/web-spec.ts";
import { checks } from "./checks.ts";

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
  const wrong = checks(settled)[0];
  if (wrong !== undefined) refuse(`${at.service} in ${at.environment}: ${wrong.says}`);
  return settled;
}

/** Laid over: maps key by key, anything else as a whole. */
function over(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above) || (isSource(below) && isSource(above))) return above;
  const merged = Object.entries(above).map(([key, value]) => [key, over(own(below, key), value)]);
  return Object.fromEntries([...Object.entries(below), ...merged]);
}

const isMap = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Where a variable's value comes from is one thing, never half of one and half of another. */
const isSource = (value: object): boolean => Source.safeParse(value).success;
