/** What must not compile. The type check reads this file; nothing runs it. */
import {
  type Act,
  all,
  clusters,
  defineWorkflow,
  effect,
  from,
  type Late,
  late,
  later,
  look,
  press,
  progress,
  role,
  type Step,
  until,
  when,
} from "shipmate";
import { z } from "zod";
import { defineCommand } from "../../src/core/command.ts";
import { Environment, Service, Version } from "../../src/index.ts";

const text = z.string();
/** A role of the kinds that the real ones don't have yet: results that later operations use. */
const databases = role("databases", {
  create: effect({
    input: z.object({ name: text, size: z.enum(["small", "large"]) }),
    result: z.object({ id: z.int(), secret: text, hosts: z.record(text, text) }),
    on: (i) => [`databases/${i.name}`],
    says: (i) => `create ${i.name}`,
  }),
  bind: effect({
    input: z.object({ service: Service, secret: late(text) }),
    result: z.object({}),
    on: (i) => [`production/${i.service}`],
    says: (i) => `bind ${i.service}`,
  }),
  ready: look({ input: z.object({ name: text }), result: progress({}) }),
});

const ship = defineWorkflow({
  name: "ship",
  input: z.object({
    service: Service,
    version: Version,
    environment: Environment.default("staging"),
  }),
  title: (i) => `Ship ${i.service}`,
  async run(step, { service, version, environment }) {
    await step.change("ship", [clusters.release({ service, version, environment })]);
    return { shipped: version };
  },
});
const deploy = defineCommand({
  name: "deploy",
  summary: "Deploy",
  examples: ["deploy web"],
  args: { service: Service },
  run: ({ args, start }) => start(ship, { service: args.service, version: "1" }),
});

const at = { service: "web", environment: "production" };
const every = { every: "2s", timeout: "1m" } as const;
const db = databases.create({ name: "web-db", size: "small" });
const release = clusters.release({ ...at, version: "1" });

/** What must compile, with the types that it has. */
export async function right(step: Step) {
  const secret: Late<string> = from(db, "secret");
  const id: Late<number> = from(db, "id");
  const host: Late<string> = from(db, "hosts", "primary");
  const acts = [db, databases.bind({ service: "web", secret }), all([[release], []])];
  const done = await step.change("make", acts);
  const url: string | null = done.of(release).url;
  const outcome = await step.wait("use", {
    for: "1d",
    press: { yes: press("Yes"), more: press("More", { form: z.object({ by: z.number() }) }) },
    when: { calm: when(clusters.running(at), (now) => now.restarts === 0) },
  });
  if (outcome.is === "more") {
    const by: number = outcome.form.by;
    return by;
  }
  if (outcome.is === "calm") {
    const restarts: number = outcome.saw.restarts;
    return restarts;
  }
  if (outcome.is === "time") return later(outcome.at, "2d");
  const nothing: undefined = outcome.form;
  // The environment has a default, so it may be left out.
  const child = await step.run("child", ship, { service: "web", version: "1" });
  const shipped: string = child.shipped;
  return [id, host, url, nothing, shipped, deploy.button("Deploy", {})];
}

/** What must not. */
export async function wrong(step: Step) {
  // @ts-expect-error an effect is not a look
  await step.look("x", release);
  // @ts-expect-error a look is not an act
  await step.change("x", [clusters.rollout(at)]);
  // @ts-expect-error a stream is not a look: logs can't get into a journal
  await step.look("x", clusters.logs(at));
  // @ts-expect-error nothing says when this look is good or bad
  until(clusters.running(at), every);
  // @ts-expect-error a stream is no act
  const act: Act = clusters.logs(at);
  // @ts-expect-error no such field
  from(db, "secrett");
  // @ts-expect-error looks outside a change have no late results
  from(clusters.running(at), "version");
  // @ts-expect-error a number is not a version
  clusters.release({ ...at, version: from(db, "id") });
  // @ts-expect-error where it goes is never late: policy and locks rest on it
  clusters.release({ service: from(db, "secret"), environment: "production", version: "1" });
  // @ts-expect-error no such size
  databases.create({ name: "a", size: "huge" });
  // @ts-expect-error not a time
  await step.wait("x", { for: "7 days" });
  // @ts-expect-error an effect is not something to wait for
  await step.wait("x", { when: { a: when(release, () => true) } });
  const outcome = await step.wait("w", { for: "1d", press: { yes: press("Yes") } });
  // @ts-expect-error no such outcome
  if (outcome.is === "no") return act;
  const pressed = await step.wait("v", { press: { yes: press("Yes") } });
  // @ts-expect-error no time was given, so time can't be the outcome
  if (pressed.is === "time") return act;
  const done = await step.change("y", [release]);
  // @ts-expect-error no such field
  done.of(release).urll;
  // @ts-expect-error wrong input of a child
  await step.run("c", ship, { service: "web" });
  // @ts-expect-error wrong argument of a button
  deploy.button("Deploy", { servce: "web" });
  // @ts-expect-error a misspelt field
  clusters.release({ ...at, version: "1", percentt: 3 });
  return act;
}
