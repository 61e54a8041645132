/**
 * Runs of earlier code, replayed by today's engine and workflows. Each comes to the same end, or waits for the same, and
 * asks for nothing outside: a change of a workflow that would park people's runs fails here first.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { empty, memoryDatabase, turnClock } from "../databases.ts";
import { seen } from "../engine/people.ts";
import { engineWith, History, putBack } from "./recorded.ts";

const histories = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".json"))
  .map((file) => History.parse(JSON.parse(readFileSync(`${import.meta.dirname}/${file}`, "utf8"))));

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
});
afterAll(() => database.close());

const changed = (name: string, says: string) =>
  `Runs that are under way like "${name}" would park: ${says} If nobody may have one, delete its file and record it anew (npm run histories). Else keep what those runs have, as CONTRIBUTING.md says under "While runs are under way".`;

test.each(histories)("$name", async (history) => {
  await empty(database);
  const clock = await turnClock(database);
  await putBack(database, history);
  const asked: string[] = [];
  const engine = await engineWith(database, (operation) => {
    const ask = async () => {
      asked.push(operation);
      throw new Error(`${operation} was asked`);
    };
    return Object.assign(ask, { preview: ask, run: ask, find: ask });
  });
  await clock.set(timeOf(history));
  await engine.turn();
  const [run] = await seen(database).runs();
  const wait = run?.waits?.find((one) => one.says !== undefined)?.says ?? "";
  expect(asked, changed(history.name, `they would ask for ${asked.join(", ")} again.`)).toEqual([]);
  expect(run?.state, changed(history.name, wait)).toBe(history.state);
  if (history.ended) expect([run?.says, run?.output]).toEqual([history.says, history.output]);
});

test("there is a history of each workflow, and of each way to end", () => {
  const workflows = readdirSync(`${import.meta.dirname}/../../workflows`).filter((file) =>
    file.endsWith(".ts"),
  );
  for (const file of workflows)
    expect(
      histories.some(({ name }) => name.startsWith(`${file.replace(".ts", "")}: `)),
      file,
    ).toBe(true);
  const ends = new Set(histories.map(({ state }) => state));
  for (const end of [
    "succeeded",
    "nothing to do",
    "refused",
    "rejected",
    "expired",
    "cancelled",
    "taken back",
    "waiting",
  ])
    expect(ends, end).toContain(end);
});

/** The last instant that stands in it. */
function timeOf({ rows }: History): number {
  const times = (rows["journal"] ?? []).map(({ at }) => Number(at));
  return Math.max(Date.UTC(2026, 0, 1), ...times);
}
