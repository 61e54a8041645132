import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Database, first } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations.ts";
import { databases } from "../databases.ts";

describe.each(databases())("migrating on $kind", ({ open }) => {
  let database: Database;
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database.close());

  const has = async (table: string) => {
    const Row = z.object({ there: z.boolean() });
    const row = await first(database, Row, "SELECT to_regclass($1) IS NOT NULL AS there", [table]);
    return row?.there;
  };
  const more = [
    ...migrations,
    "CREATE TABLE shipmate.more (n bigint); CREATE TABLE shipmate.most ()",
  ];

  test("does nothing the second time, and gives the version", async () => {
    expect(await migrate(database)).toBe(migrations.length);
    expect(await migrate(database)).toBe(migrations.length);
  });

  test("carries out what is new, once, when ten ask at the same moment", async () => {
    const versions = await Promise.all(Array.from({ length: 10 }, () => migrate(database, more)));
    expect(new Set(versions)).toEqual(new Set([more.length]));
    expect(await has("shipmate.most")).toBe(true);
  });

  test("keeps nothing of a migration that throws, and says so", async () => {
    const broken = [...migrations, "CREATE TABLE shipmate.more (n bigint); SELECT 1/0"];
    await expect(migrate(database, broken)).rejects.toThrow("division by zero");
    expect(await has("shipmate.more")).toBe(false);
    expect(await migrate(database, more)).toBe(more.length);
  });

  test("refuses a schema that is newer than the code, in one sentence", async () => {
    await migrate(database, more);
    await expect(migrate(database)).rejects.toMatchObject({
      name: "Refusal",
      message: `The database's schema has version ${more.length}, and this Shipmate knows ${migrations.length}: start the newer Shipmate, or restore the older database.`,
    });
  });
});
