/** What may be asked for in a simulation: everything that the scenarios begin, mixed at random. */
import type { Json } from "../../src/core/operation.ts";
import type { Person } from "../../src/core/person.ts";
import type { Served } from "../../src/engine/operations.ts";
import type { PlanPolicy } from "../../src/engine/policy.ts";
import type { AnyWorkflow } from "../../src/engine/replay.ts";
import { ada, grace, linus, mallory } from "../engine/people.ts";
import { house } from "../engine/rig.ts";
import { scenarios } from "../engine/scenarios.ts";
import { fakes } from "../engine/world/fakes.ts";
import type { World } from "../engine/world/world.ts";
import type { Chance } from "./chance.ts";
import type { Witness } from "./witness.ts";

export const barbara: Person = { id: "barbara", name: "Barbara" };
/** Mallory may vote on nothing. */
export const people: readonly [Person, ...Person[]] = [ada, grace, linus, barbara, mallory];

export interface Wish {
  readonly workflow: AnyWorkflow;
  readonly input: unknown;
}

/** Every workflow of every scenario with its input, each pair once. */
export const wishes: readonly Wish[] = [
  ...new Map(
    scenarios
      .flatMap((one) => one.begin)
      .map(({ workflow, input }) => [
        `${workflow.name} ${JSON.stringify(input)}`,
        { workflow, input },
      ]),
  ).values(),
];

/** Releases of one service, so that runs meet on the same targets. */
const versions = ["1.4.1", "1.4.2", "1.4.3", "bad-1", "slow-1"] as const;

/** One of the scenarios' wishes; every third one is a release of a service that others want too. */
export function wish(chance: Chance): Wish {
  const one = chance.any(wishes);
  const deploy = wishes.find(({ workflow }) => workflow.name === "deploy");
  if (!one || !deploy) throw new Error("the scenarios begin nothing");
  if (!chance.happens(0.35)) return one;
  const input = {
    service: chance.pick(["web", "api"]),
    environment: chance.pick(["production", "production", "staging"]),
    version: chance.pick(versions),
  };
  return { workflow: deploy.workflow, input };
}

/**
 * The workflows on a process' disk. One of them has two versions, so that a run may meet other code than it began with
 * (`newer`), and back again.
 */
export function codeOf(newer: boolean): readonly AnyWorkflow[] {
  const all = [
    ...wishes.map((one) => one.workflow),
    ...scenarios.flatMap((one) => one.children ?? []),
    ...scenarios.flatMap((one) => (newer ? (one.code?.(changed) ?? []) : [])),
  ];
  return [...new Map(all.map((workflow) => [workflow.name, workflow])).values()];
}
const changed = { writes: [{ op: "", key: "" }] } as unknown as World;

/**
 * Every role of every scenario; a provider that fails on purpose is left out, since the simulation fails by itself.
 * Where a preview would tell that an effect was done, the remote is asked by its key instead: somebody else may change
 * the same object in the next moment, and then no preview can tell.
 */
export function servedBy(world: World, witness: Witness): readonly Served[] {
  world.signs.add("answered");
  const more = scenarios.flatMap((one) => one.serves?.(world) ?? []);
  const known = new Map<unknown, Served>();
  for (const served of [...fakes(world), ...more]) {
    if (!known.has(served.role)) known.set(served.role, served);
  }
  return [...known.values()].map(({ role, route }) => ({
    role,
    route(input) {
      const { name, provider } = route(input);
      const faces = Object.entries(provider).map(([key, face]) => {
        if (typeof face !== "object" || face === null || "find" in face) return [key, face];
        const find = async (_input: Json, key: string) => witness.find(key);
        return [key, { ...face, find }];
      });
      return { name, provider: Object.fromEntries(faces) as typeof provider };
    },
  }));
}

/** Production needs one of payments, sometimes two; the rest nobody. */
export function policyOf(count: number): PlanPolicy {
  return (draft) => {
    const ruled = house(draft);
    const owners = ["grace", "linus", "barbara"].filter((person) => person !== draft.requester);
    const needs = ruled.needs.map((need) => ({ ...need, count, people: owners }));
    return { ...ruled, needs };
  };
}
