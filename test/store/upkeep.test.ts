/** The upkeep of the embedded database: what needs it, and nothing else. */
import { expect, test } from "vitest";
import type { Sql } from "../../src/store/database.ts";
import { upkeep } from "../../src/store/upkeep.ts";
import { memoryDatabase } from "../databases.ts";

test("a table is vacuumed where much of it is new or dead, and left alone where it is not", async () => {
  const database = await memoryDatabase();
  const kept = async () => {
    const done: string[] = [];
    const sql: Sql = {
      query: database.query,
      run: (text, values) => {
        done.push(text);
        return database.run(text, values);
      },
    };
    // Else what was counted shows a second later.
    await database.run("SELECT pg_stat_force_next_flush()");
    await upkeep(sql);
    return done;
  };
  await kept();
  expect(await kept(), "nothing changed").toEqual(["CHECKPOINT"]);
  await database.run(
    "INSERT INTO shipmate.blobs (hash, body) SELECT 'h' || n, '' FROM generate_series(1, 3000) n",
  );
  expect(await kept()).toEqual(["VACUUM (ANALYZE) shipmate.blobs", "CHECKPOINT"]);
  await database.run("DELETE FROM shipmate.blobs WHERE hash LIKE 'h1%'");
  expect(await kept()).toEqual(["VACUUM (ANALYZE) shipmate.blobs", "CHECKPOINT"]);
  await database.run("DELETE FROM shipmate.blobs WHERE hash LIKE 'h20%'");
  expect(await kept(), "a twentieth of it").toEqual(["CHECKPOINT"]);
  await database.close();
});
