/** All that authors of commands and workflows may import, as "shipmate". */
export type { Card, ChangeLine, Choice, Say } from "./core/card.ts";
export {
  type Command,
  type CommandHelp,
  type Ctx,
  daily,
  defineCommand,
  type InLine,
  noun,
  on,
  type Reply,
  type Runs,
  type RunView,
} from "./core/command.ts";
export { nearest } from "./core/nearest.ts";
export {
  type Act,
  all,
  type Effect,
  each,
  from,
  type Json,
  type Late,
  type Look,
  late,
  progress,
  type Stream,
  type Target,
  type Until,
  until,
} from "./core/operation.ts";
export type { Person } from "./core/person.ts";
export { Refusal, refuse } from "./core/refusal.ts";
export { effect, event, look, role, stream } from "./core/role.ts";
export { type Instant, later, Time } from "./core/time.ts";
export {
  type Done,
  defineWorkflow,
  press,
  type Step,
  type Workflow,
  when,
} from "./core/workflow.ts";
export { webServiceFields, webServiceText } from "./expand/form.ts";
export { clusters, Version } from "./roles/clusters.ts";
export { directory, Environment, Service } from "./roles/directory.ts";
