/** Says a command to a small world that answers looks and remembers what was asked of runs. */
import { join } from "node:path";
import type { z } from "zod";
import type { CommandDefinition, Reply, Runs, RunView } from "../../src/core/command.ts";
import type { Look } from "../../src/core/operation.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { settle } from "../../src/engine/arguments.ts";
import { parse } from "../../src/engine/grammar.ts";
import { helpOf } from "../../src/engine/help.ts";
import { loadCommands } from "../../src/engine/load-commands.ts";
import { loadPlatform } from "../../src/platform/load.ts";
import { directory } from "../../src/providers/platform/directory.ts";
import { clusters } from "../../src/roles/clusters.ts";

export const commands: readonly CommandDefinition[] = await loadCommands(
  join(import.meta.dirname, "../../commands"),
);
const platform = await loadPlatform("manifests/platform.yaml");
const directoryFaces = directory(() => platform);
const signal = new AbortController().signal;

type Answer<L extends "running" | "history" | "events" | "content"> = z.input<
  (typeof clusters)[L]["spec"]["result"]
>;
export interface World {
  /** By target. */
  readonly running: { readonly [target: string]: Partial<Answer<"running">> };
  readonly history: Answer<"history">;
  readonly events: Answer<"events">;
  /** By target. */
  readonly content: { readonly [target: string]: Answer<"content"> };
  readonly runs: readonly RunView[];
  /** How many logs are followed. */
  readonly following: number;
}

const still: World = { running: {}, history: [], events: [], content: {}, runs: [], following: 0 };

/** The reply, or the sentence of a refusal, and what was asked of runs and workflows on the way. */
export async function say(text: string, part: Partial<World> = {}) {
  const world = { ...still, ...part };
  const asked: unknown[] = [];
  const parsed = parse(text, commands);
  if (parsed.is === "no") return { says: parsed.says, asked };
  const look = async <R>(op: Look<R>): Promise<R> => (await answer(world, op)) as R;
  const settled = await settle(parsed.command, parsed.raw, look);
  if (settled.is === "missing") return { missing: settled.fields, asked };
  if (settled.is === "wrong") return { says: settled.says, asked };
  const card =
    (what: string) =>
    async (...args: unknown[]) => {
      asked.push([what, ...args]);
      return { title: what };
    };
  const runs: Runs = {
    open: async () => world.runs,
    lines: async () => [],
    list: async (query) => {
      asked.push(["list", query]);
      return world.runs;
    },
    vote: card("vote"),
    press: card("press"),
    cancel: card("cancel"),
    why: card("why"),
    retry: async (run) => ({ run: `again ${run}` }),
  };
  try {
    const reply: Reply = await parsed.command.run({
      args: settled.args,
      person: { id: "ada", name: "Ada" },
      rights: "may change staging of web",
      runs,
      commands: helpOf(commands),
      look,
      unfollow: async (answer) => {
        asked.push(["unfollow", answer]);
        return world.following;
      },
      start: async (workflow, input) => {
        asked.push(["start", workflow.name, input]);
        return { run: "r1" };
      },
    });
    return { reply, asked };
  } catch (error) {
    if (error instanceof Refusal) return { says: error.message, asked };
    throw error;
  }
}

async function answer(world: World, op: Look): Promise<unknown> {
  const input = Object(op.input);
  const target = `${input.environment}/${input.service}`;
  switch (op.op) {
    case "directory.services":
      return directoryFaces.services({}, signal);
    case "directory.environments":
      return directoryFaces.environments({}, signal);
    case "directory.people":
      return directoryFaces.people({}, signal);
    case "clusters.events":
      return world.events;
    case "clusters.content":
      return world.content[target] ?? [];
    case "clusters.versions":
      return ["1.5.0", "1.4.2", "1.4.1"].map((value) => ({ value, hint: "" }));
    case "clusters.history":
      return world.history;
    case "clusters.running": {
      const now = { version: null, ...world.running[target] };
      const up = now.version === null ? 0 : 1;
      const more = {
        ready: up,
        of: up,
        url: up ? "http://127.0.0.1:1" : null,
        since: null,
        restarts: 0,
      };
      return clusters.running.spec.result.parse({ ...more, ...now });
    }
  }
  throw new Error(`nobody answers ${op.op}`);
}
