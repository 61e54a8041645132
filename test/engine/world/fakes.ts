/** Every fixture role, served by one world. */
import { type Served, serve } from "../../../src/engine/operations.ts";
import { hosts, lists, renders } from "./providers/making.ts";
import { drifts, gathers, remembers, restores } from "./providers/minding.ts";
import { applies, guards, houses, keeps } from "./providers/owning.ts";
import { follows, measures, runs, testsRun } from "./providers/running.ts";
import * as roles from "./roles.ts";
import type { World } from "./world.ts";

export function fakes(world: World): readonly Served[] {
  return [
    serve(roles.clusters, "world", runs(world)),
    serve(roles.gitops, "world", follows(world)),
    serve(roles.metrics, "world", measures(world)),
    serve(roles.tests, "world", testsRun(world)),
    serve(roles.repos, "world", hosts(world)),
    serve(roles.catalog, "world", lists(world)),
    serve(roles.templates, "world", renders()),
    serve(roles.databases, "world", keeps(world)),
    serve(roles.environments, "world", houses(world)),
    serve(roles.secrets, "world", guards(world)),
    serve(roles.stacks, "world", applies(world)),
    serve(roles.rooms, "world", gathers(world)),
    serve(roles.changes, "world", remembers()),
    serve(roles.drift, "world", drifts(world)),
    serve(roles.world, "world", restores(world)),
  ];
}
