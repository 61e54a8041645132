/** Roles of an imagined platform, for tests of the engine: more kinds of work than any one provider has. */
export { catalog, repos, templates } from "./roles/making.ts";
export { changes, drift, rooms, world } from "./roles/minding.ts";
export { At, Environment, Name, Service, Version } from "./roles/nouns.ts";
export { databases, environments, secrets, stacks } from "./roles/owning.ts";
export { clusters, gitops, metrics, tests } from "./roles/running.ts";
