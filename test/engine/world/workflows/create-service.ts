/** From a template to a service that runs: repository, catalog, gitops, first deploy. */
import { defineWorkflow, from, until } from "shipmate";
import { z } from "zod";
import { catalog, Environment, gitops, Name, repos, templates } from "../roles.ts";
import { ship } from "./parts/ship.ts";

export default defineWorkflow({
  name: "create-service",
  input: z.object({ name: Name, owner: Name, template: Name, environment: Environment }),
  title: (i) => `Create ${i.name} from ${i.template}`,
  async run(step, { name, owner, template, environment }) {
    const rendered = templates.render({ template, values: { name, owner } });
    const files = await step.look("render", rendered);
    const repo = repos.create({ name, owner });
    const push = repos.push({ name, files, message: `Start from ${template}` });
    const url = from(repo, "url");
    const made = await step.change("create", [
      repo,
      push,
      repos.protect({ name, checks: ["ci"] }),
      catalog.add({ service: name, owner, repo: url }),
      gitops.application({ service: name, environment, repo: url, path: "k8s/" }),
    ]);
    const { commit } = made.of(push);
    const built = until(repos.build({ name, commit }), { every: "10s", timeout: "20m" });
    const version = from(built, "version");
    await step.change("first deploy", [built, ...ship({ service: name, environment, version })]);
    return { repo: made.of(repo).url };
  },
});
