/** Fixture roles of how services come to be: repos, catalog, templates. */
import { z } from "zod";
import { late, progress } from "../../../../src/core/operation.ts";
import { effect, event, look, role } from "../../../../src/core/role.ts";
import { Name, text } from "./nouns.ts";

export const repos = role("repos", {
  create: effect({
    input: z.object({ name: Name, owner: text }),
    result: z.object({ url: text, id: z.int() }),
    on: (i) => [`repos/${i.name}`],
    says: (i) => `create the repository ${i.name}`,
  }),
  push: effect({
    input: z.object({ name: Name, files: z.record(text, text), message: text }),
    result: z.object({ commit: text }),
    on: (i) => [`repos/${i.name}`],
    says: (i) => `push ${Object.keys(i.files).length} files to ${i.name}`,
  }),
  protect: effect({
    input: z.object({ name: Name, checks: z.array(text) }),
    result: z.object({}),
    on: (i) => [`repos/${i.name}`],
    says: (i) => `protect main of ${i.name}`,
  }),
  build: look({
    input: z.object({ name: Name, commit: late(text) }),
    result: progress({ version: text }),
  }),
  pull: look({
    input: z.object({ name: Name, number: z.int() }),
    result: z.object({ state: z.enum(["open", "closed"]), title: text }),
  }),
  opened: event({ result: z.object({ repo: text, number: z.int() }) }),
});

export const catalog = role("catalog", {
  add: effect({
    input: z.object({ service: Name, owner: text, repo: late(text) }),
    result: z.object({}),
    on: (i) => [`catalog/${i.service}`],
    says: (i) => `add ${i.service} to the catalog`,
  }),
});

export const templates = role("templates", {
  render: look({
    input: z.object({ template: Name, values: z.record(text, text) }),
    result: z.record(text, text),
  }),
});
