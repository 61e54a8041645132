/**
 * Records the histories that later code has to replay: `npm run histories [name ...]`. Each workflow to each of its ends,
 * and where it waits. A file that is there is left as it is, since a run like it may be under way somewhere: it is only
 * written anew where its name is given.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Json } from "../../src/core/operation.ts";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase, turnClock } from "../databases.ts";
import { ada, grace, linus, people } from "../engine/people.ts";
import { emptyWorld } from "../engine/world/world.ts";
import { engineWith, record } from "./recorded.ts";

interface Story {
  readonly name: string;
  readonly workflow: string;
  readonly input: Json;
  /** What the cluster does: `bad` versions never come up, `slow` ones are still coming up, `same` needs no change. */
  readonly cluster?: "bad" | "slow" | "same" | "migrates" | "unmigratable";
  readonly human?: "approve" | "reject" | "nobody" | "cancel";
}
const staging = { service: "web", environment: "staging" };
const production = { service: "web", environment: "production" };
const to = (version: string, at = staging) => ({ ...at, version });

const stories: readonly Story[] = [
  { name: "deploy: succeeded", workflow: "deploy", input: to("1.4.2") },
  { name: "deploy: approved", workflow: "deploy", input: to("1.4.2", production) },
  { name: "deploy: rejected", workflow: "deploy", input: to("1.4.2", production), human: "reject" },
  {
    name: "deploy: waits for approval",
    workflow: "deploy",
    input: to("1.4.2", production),
    human: "nobody",
  },
  { name: "deploy: expired", workflow: "deploy", input: to("1.4.2", production), human: "nobody" },
  { name: "deploy: taken back", workflow: "deploy", input: to("1.5.0"), cluster: "bad" },
  {
    name: "deploy: cancelled",
    workflow: "deploy",
    input: to("1.4.2"),
    cluster: "slow",
    human: "cancel",
  },
  { name: "deploy: nothing to do", workflow: "deploy", input: to("1.4.1"), cluster: "same" },
  { name: "deploy: migrated", workflow: "deploy", input: to("1.4.2"), cluster: "migrates" },
  { name: "deploy: not migrated", workflow: "deploy", input: to("1.4.2"), cluster: "unmigratable" },
  { name: "rollback: succeeded", workflow: "rollback", input: staging },
  { name: "rollback: to a version", workflow: "rollback", input: { ...staging, to: "1.4.0" } },
  { name: "rollback: refused", workflow: "rollback", input: { ...staging, to: "0.1.0" } },
  { name: "rollback: taken back", workflow: "rollback", input: staging, cluster: "bad" },
  ...["restart", "adopt", "remove"].map((workflow) => ({
    ...{ name: `${workflow}: succeeded`, workflow, input: staging },
  })),
  { name: "restart: taken back", workflow: "restart", input: staging, cluster: "bad" },
  { name: "scale: succeeded", workflow: "scale", input: { ...staging, replicas: 5 } },
  {
    name: "scale: taken back",
    workflow: "scale",
    input: { ...staging, replicas: 5 },
    cluster: "bad",
  },
];

const database = await memoryDatabase();
const asked = process.argv.slice(2).join(" ");
for (const story of stories) {
  const file = new URL(`${story.name.replaceAll(/\W+/g, "-")}.json`, import.meta.url);
  if (existsSync(file) && asked !== story.name) continue;
  await live(database, story);
  const history = await record(database, story.name);
  await writeFile(file, `${JSON.stringify(history, null, 1)}\n`);
  console.log(`${history.name}: ${history.state}. ${history.says}`);
}
await database.close();

async function live(database: Database, story: Story): Promise<void> {
  await empty(database);
  const clock = await turnClock(database);
  const engine = await engineWith(database, faces(story));
  const { workflow, input, human = "approve" } = story;
  await database.transaction((sql) => engine.start(sql, { workflow, input, by: ada }));
  const world = emptyWorld(Date.now);
  const crowd = people(database, {
    ...{ world, restart: () => {}, refusals: [], hours: () => 0 },
    runs: (person) => engine.runs(person, "test"),
  });
  for (let n = 0; n < 60; n++) {
    const due = await engine.turn();
    if (human === "approve" && (await crowd.approve(grace))) continue;
    if (human === "reject" && (await crowd.vote("no", linus))) continue;
    if (human === "cancel" && n > 2 && (await crowd.cancel())) continue;
    if (due === undefined || story.name.includes("waits")) break;
    await clock.set(Math.max(due, await clock.now()));
  }
}

/** A cluster that runs 1.4.1 everywhere, in a few faces. */
function faces({ cluster }: Story): (operation: string) => unknown {
  const done = new Set<string>();
  const going = {
    state: cluster === "bad" ? "bad" : cluster === "slow" ? "going" : "good",
    says: cluster === "bad" ? "It keeps crashing." : "3 of 3 ready",
  };
  const migration =
    cluster === "unmigratable"
      ? { state: "bad", says: "The migration failed." }
      : { state: "good", says: "Migrated." };
  const looks: { readonly [operation: string]: Json } = {
    takes: { migration: cluster === "migrates" || cluster === "unmigratable" },
    migration: { ...migration, log: [] },
    rollout: { ...going, version: "1.4.1", ready: 3, of: 3, url: null, log: [] },
    running: { version: "1.4.1", ready: 3, of: 3, url: null, since: null, restarts: 0 },
    history: ["1.4.1", "1.4.0", "1.3.9"].map((version, at) => ({
      version,
      good: true,
      at,
      id: version,
      by: "ada",
    })),
  };
  const undone: {
    readonly [operation: string]: (input: {
      readonly service: string;
      readonly environment: string;
    }) => Json;
  } = {
    release: ({ service, environment }) => ({ service, environment, version: "1.4.1" }),
    scale: ({ service, environment }) => ({ service, environment, replicas: 3 }),
  };
  return (operation) => {
    const look = looks[operation];
    if (look !== undefined) return async () => look;
    const result = operation === "release" ? { url: null } : {};
    return {
      preview: async (input: { readonly service: string; readonly environment: string }) => {
        const of = `${input.environment}/${input.service}`;
        const back = undone[operation]?.(input);
        if (cluster === "same" || done.has(JSON.stringify([operation, input])))
          return { same: result };
        return {
          changes: [{ of, field: operation, from: "before", to: "after" }],
          ...{ seen: { [of]: operation }, will: { [of]: "after" } },
          undo: back
            ? [{ kind: "effect", op: `clusters.${operation}`, input: back }]
            : { irreversible: "nothing brings it back" },
        };
      },
      run: async (input: Json) => {
        done.add(JSON.stringify([operation, input]));
        return result;
      },
    };
  };
}
