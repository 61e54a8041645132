/** An environment for a pull request: it ends with its time, its button or its pull request. */
import { all, defineWorkflow, later, press, Time, until, when } from "shipmate";
import { z } from "zod";
import { databases, environments, Name, repos } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "preview",
  input: z.object({
    name: Name,
    ttl: Time,
    seedFrom: Name,
    pull: z.object({ name: Name, number: z.int() }),
    services: z.array(z.object({ name: Name, version: z.string() })),
  }),
  title: (i) => `Preview environment ${i.name}`,
  async run(step, { name, ttl, seedFrom, pull, services }) {
    const database = { name: `${name}-db`, environment: name };
    const environment = environments.create({ name, expires: ttl });
    const made = await step.change("create", [
      environment,
      databases.create({ ...database, size: "small" }),
      until(databases.ready(database), { every: "10s", timeout: "15m" }),
      databases.seed({ ...database, from: seedFrom }),
      all(services.map((s) => ship({ service: s.name, version: s.version, environment: name }))),
    ]);
    await step.note("ready", `${name} runs at ${made.of(environment).url}`);

    let ends = later(made.at, ttl);
    for (let n = 1; ; n++) {
      const next = await step.wait(`in use ${n}`, {
        until: ends,
        every: "1d",
        press: {
          extend: press("Extend", { form: z.object({ by: Time }) }),
          end: press("Tear down", { danger: true }),
        },
        when: { closed: when(repos.pull(pull), (p) => p.state === "closed") },
      });
      if (next.is !== "extend") break;
      ends = later(ends, next.form.by);
    }
    await step.change("tear down", [environments.destroy({ name })]);
  },
});
