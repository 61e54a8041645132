/** What is seen to, once, in a database that was brought back from an older backup. */
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { json } from "../../src/store/database.ts";
import { storeIntent } from "../../src/store/inbox.ts";
import { insertRoot } from "../../src/store/messages.ts";
import { settleRestored } from "../../src/store/restored.ts";
import { insertRun } from "../../src/store/runs.ts";
import { memoryDatabase } from "../databases.ts";

test("what had not begun is cancelled, what was said is left out, and each open card is looked for and drawn again", async () => {
  const database = await memoryDatabase();
  onTestFinished(() => database.close());
  const runs = { planned: "planning", begun: "running", asked: "waiting", lined: "queued" };
  for (const [id, state] of Object.entries(runs)) {
    await insertRun(database, {
      ...{ id, workflow: "deploy", hash: "h", input: {}, title: id, by: "ada" },
    });
    await database.run("UPDATE shipmate.runs SET state = $2 WHERE id = $1", [id, state]);
    await insertRoot(database, { id: `m-${id}`, run: id, at: { surface: "slack", channel: "c" } });
  }
  await database.run(
    "INSERT INTO shipmate.journal (run, key, value) VALUES ('begun', 'ship it/begun', $1)",
    [json(true)],
  );
  await database.run("UPDATE shipmate.runs SET state = 'planning' WHERE id = 'begun'");
  await database.run(
    "UPDATE shipmate.messages SET ref = 'r', posted_rev = wanted_rev, posted_hash = 'x' WHERE id = 'm-asked'",
  );
  await storeIntent(database, {
    ...{ key: "k", who: { surface: "slack", id: "u" }, said: { text: "deploy" } },
    at: { surface: "slack", channel: "c" },
  });

  await settleRestored(database);

  const Id = z.object({ id: z.string() });
  const cancelled = "SELECT id FROM shipmate.runs WHERE cancel IS NOT NULL AND rung ORDER BY id";
  expect(await database.query(Id, cancelled)).toEqual([{ id: "lined" }, { id: "planned" }]);
  const N = z.object({ n: z.number() });
  const open = "SELECT count(*) AS n FROM shipmate.inbox WHERE done_at IS NULL";
  expect(await database.query(N, open)).toEqual([{ n: 0 }]);
  const blind =
    "SELECT id FROM shipmate.messages WHERE wanted_rev = posted_rev OR (ref IS NULL AND attempts = 0)";
  expect(await database.query(Id, blind)).toEqual([]);
});
