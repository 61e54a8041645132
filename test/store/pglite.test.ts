import { expect, test } from "vitest";
import { memoryDatabase } from "../databases.ts";

test("a statement that has waited too long for its turn throws, and is not carried out later", async () => {
  const database = await memoryDatabase({ timeout: 100 });
  await database.run("CREATE TABLE t (n bigint)");
  const long = database.transaction(async (sql) => {
    for (let n = 0; n < 4; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await sql.run("SELECT 1");
    }
  });
  await expect(database.run("INSERT INTO t VALUES (1)")).rejects.toThrow("waited 0.1 s");
  await long;
  expect(await database.run("DELETE FROM t")).toBe(0);
  await database.close();
});

test("statements are carried out in the order in which they were asked for", async () => {
  const database = await memoryDatabase();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      if (n % 3 === 0) await database.transaction((sql) => sql.run("SELECT 1"));
      else await database.run("SELECT $1::int", [n]);
      order.push(n);
    }),
  );
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  await database.close();
});

test("a body that asks the database itself instead of its transaction is rolled back", async () => {
  const database = await memoryDatabase();
  const deadlocked = database.transaction(() => database.run("SELECT 1"));
  await expect(deadlocked).rejects.toThrow("waited for something else than its statements");
  await database.close();
});
