/** Loads workflows/*.ts: one workflow a file, named like the file. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { AnyWorkflow } from "./replay.ts";

const Loaded = z.object({
  default: z.custom<AnyWorkflow>(
    (value) => typeof value === "object" && value !== null && "run" in value && "title" in value,
    "the file must export a workflow by default: defineWorkflow({ ... })",
  ),
});

/** Throws where a file is no workflow, or its workflow has another name than the file. */
export async function loadWorkflows(folder: string): Promise<readonly AnyWorkflow[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts")).sort();
  return Promise.all(files.map((file) => load(join(folder, file))));
}

async function load(file: string): Promise<AnyWorkflow> {
  const loaded = Loaded.safeParse(await import(pathToFileURL(file).href));
  if (!loaded.success) throw new Error(`loading ${file}`, { cause: loaded.error });
  const workflow = loaded.data.default;
  const wanted = basename(file, ".ts");
  if (workflow.name !== wanted)
    throw new Error(`${file} defines the workflow "${workflow.name}": name one like the other`);
  return workflow;
}
