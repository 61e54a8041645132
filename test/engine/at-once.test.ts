/** How often the database is asked between a click and the first effect, where nothing else is under way. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWhole, type Whole } from "../../bench/whole.ts";
import { type Claim, claimRung, claimRuns } from "../../src/store/claims.ts";
import type { Database } from "../../src/store/database.ts";
import { insertRun } from "../../src/store/runs.ts";
import { memoryDatabase } from "../databases.ts";

let home: string;
let whole: Whole;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-at-once-"));
  whole = await openWhole({ SHIPMATE_HOME: home });
});
afterAll(async () => {
  await whole.close();
  await rm(home, { recursive: true, force: true });
});

/** From now on: what is asked of it by whom, without what the cards and the audit ask by the way. */
function asked(database: Database): { readonly all: string[]; end(): void } {
  const all: string[] = [];
  const spied = <D extends object, N extends keyof D>(
    of: D,
    name: N,
    what: (text: string) => string,
  ) => {
    const real = of[name] as (...values: unknown[]) => unknown;
    of[name] = ((...values: unknown[]) => {
      all.push(what(values.map(String).join(" ")));
      return real(...values);
    }) as D[N];
    return () => {
      of[name] = real as D[N];
    };
  };
  const table = (text: string) =>
    /shipmate\.(\w+)/.exec(text.replaceAll("shipmate.now()", ""))?.[1] ?? "";
  const back = [
    spied(database, "query", table),
    spied(database, "run", table),
    spied(database.urgent, "run", table),
    spied(database, "transaction", () => "transaction"),
  ];
  return { all, end: () => back.forEach((undo) => void undo()) };
}

test("a click is stored beside the look for its button, and three transactions later its first effect begins", async () => {
  await whole.ask("web");
  const button = await whole.approval("web");
  await sleep(100); // the card's own commit
  const { all, end } = asked(whole.database);
  const before = performance.now();
  await whole.click("web", button);
  await whole.ended("web");
  end();
  expect(whole.entered("web")).toBeGreaterThan(before);
  // The vote with its claim, the locks, the begin; what follows is the first result, and the end.
  expect(all.slice(0, 5)).toEqual([
    "buttons",
    "inbox",
    "transaction",
    "transaction",
    "transaction",
  ]);
});

test("the run that an act is about is claimed with it only where it is due, and nobody doubts it", async () => {
  const database = await memoryDatabase();
  const made = { workflow: "deploy", hash: "h", input: {}, title: "Deploy", by: "ada" };
  const claim = (id: string) => claimRung(database, id, "code");
  for (const id of ["due", "held", "ended", "doubted", "unfit"])
    await insertRun(database, { id, ...made });
  expect(await claim("due")).toMatchObject({ id: "due", tries: 1 });
  expect(await claim("due"), "somebody drives it").toBeUndefined();
  await database.run("UPDATE shipmate.runs SET ended_at = 1 WHERE id = $1", ["ended"]);
  await database.run("UPDATE shipmate.runs SET tries = 2 WHERE id = $1", ["doubted"]);
  await database.run(`UPDATE shipmate.runs SET unfit = '["code"]' WHERE id = $1`, ["unfit"]);
  await database.run(
    "INSERT INTO shipmate.replicas (id, code, knows) VALUES ('other', 'newer', 1)",
  );
  for (const id of ["ended", "doubted", "unfit", "nobody"])
    expect(await claim(id), id).toBeUndefined();
  const rest: readonly Claim[] = await claimRuns(database, 10, { code: "code" });
  expect(rest.map(({ id }) => id)).toEqual(["held", "doubted"]);
  await database.close();
});
