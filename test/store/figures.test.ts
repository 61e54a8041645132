/** What is counted in the database, from rows as they stand there. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { appendAudit, sealAudit } from "../../src/store/audit.ts";
import { claimRuns, parkTogether } from "../../src/store/claims.ts";
import type { Database } from "../../src/store/database.ts";
import { readFigures } from "../../src/store/figures.ts";
import { finishIntent, storeIntent } from "../../src/store/inbox.ts";
import { claimBehind, insertRoot } from "../../src/store/messages.ts";
import { markPosted } from "../../src/store/posted.ts";
import { bumpRoot, endRun, insertRun } from "../../src/store/runs.ts";
import { type Clock, databases, empty, turnClock } from "../databases.ts";

describe.each(databases())("on $kind", ({ open }) => {
  let database: Database;
  let clock: Clock;
  beforeAll(async () => {
    database = await open();
    clock = await turnClock(database);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    await clock.set(1_000_000);
  });

  const run = (id: string) =>
    insertRun(database, {
      id,
      workflow: "deploy",
      hash: "h",
      input: {},
      title: "Deploy",
      by: "ada",
    });
  const root = (id: string) =>
    insertRoot(database, { id, run: id, at: { surface: "chat", channel: "c" } });

  test("an empty database counts nothing", async () => {
    expect(await readFigures(database)).toEqual({
      ...{ runs: {}, due: 0, inbox: 0, inbox_age: 0, behind: {} },
      ...{ unsealed: 0, unsealed_age: 0, head_age: null },
    });
  });

  test("runs are told by state while they are under way, and as due while nobody drives them", async () => {
    for (const id of ["a", "b", "c"]) await run(id);
    expect(await readFigures(database)).toMatchObject({ runs: { planning: 3 }, due: 3 });
    const [first, second] = await claimRuns(database, 2);
    if (!first || !second) throw new Error("nothing was due");
    await parkTogether(database)({ run: first, wake: undefined, state: "waiting", waits: [] });
    const audit = [{ person: "ada", surface: "engine", did: "ended" }];
    await endRun(database, second, {
      state: "succeeded",
      says: "",
      output: null,
      buttons: [],
      entries: [],
      audit,
      by: { id: "ada", name: "run 1" },
    });
    expect(await readFigures(database)).toMatchObject({
      runs: { planning: 1, waiting: 1 },
      due: 1,
    });
  });

  test("a run whose driver died is due again", async () => {
    await run("a");
    await claimRuns(database, 1);
    expect(await readFigures(database)).toMatchObject({ due: 0 });
    await clock.advance(60_000);
    expect(await readFigures(database)).toMatchObject({ due: 1 });
  });

  test("what people said is open until something was done about it", async () => {
    const at = { surface: "chat", channel: "c" };
    const who = { surface: "chat", id: "u" };
    await storeIntent(database, { key: "k", who, at, said: { text: "help" } });
    await clock.advance(3_000);
    expect(await readFigures(database)).toMatchObject({ inbox: 1, inbox_age: 3_000 });
    await finishIntent(database, "chat", "k", null);
    expect(await readFigures(database)).toMatchObject({ inbox: 0, inbox_age: 0 });
  });

  test("a card is behind from the first change that its chat does not show, not from the last or from its own birth", async () => {
    await run("a");
    await root("a");
    await clock.advance(500);
    const [message] = await claimBehind(database, {
      ...{ surfaces: ["chat"], paces: [], busy: [], limit: 1, lease: 30_000 },
    });
    expect(message?.late).toBe(500);
    const posted = { hash: "h", ref: "r", drawn: { title: "Deploy", buttons: [] }, pace: 0 };
    await markPosted(database, [{ id: "a", rev: 1, ...posted }]);
    await clock.advance(3_600_000);
    expect(await readFigures(database)).toMatchObject({ behind: {} });
    await bumpRoot(database, "a");
    await clock.advance(2_000);
    await bumpRoot(database, "a");
    await clock.advance(2_000);
    const behind = { chat: { messages: 1, age: 4_000 } };
    expect(await readFigures(database)).toMatchObject({ behind });
  });

  test("the audit's head ages, and what has no link yet is told", async () => {
    await appendAudit(database, { person: "ada", surface: "chat", did: "asked" });
    await clock.advance(4_000);
    const open = { unsealed: 1, unsealed_age: 4_000, head_age: null };
    expect(await readFigures(database)).toMatchObject(open);
    await sealAudit(database);
    await clock.advance(1_000);
    const sealed = { unsealed: 0, unsealed_age: 0, head_age: 5_000 };
    expect(await readFigures(database)).toMatchObject(sealed);
  });
});
