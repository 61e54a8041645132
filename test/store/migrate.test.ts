import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Database, first } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations.ts";
import { sayAlive, sayGone } from "../../src/store/replicas.ts";
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

  test("lives on a newer schema that only added", async () => {
    await migrate(database, more);
    expect(await migrate(database)).toBe(more.length);
  });

  describe("with a contract", () => {
    const contract = { contract: "DROP TABLE shipmate.blobs", after: migrations.length };
    const lives = (knows: number) => sayAlive(database, { id: "older", code: "c", knows }, true);

    test("takes something away where nobody lives that knows less, and older code refuses from then on", async () => {
      await lives(migrations.length);
      expect(await migrate(database, [...migrations, contract])).toBe(migrations.length + 1);
      expect(await has("shipmate.blobs")).toBe(false);
      expect(await migrate(database), "what knows enough lives on").toBe(migrations.length + 1);
      await expect(migrate(database, migrations.slice(0, -1))).rejects.toMatchObject({
        name: "Refusal",
        message: `The database's schema has version ${migrations.length + 1}, and this Shipmate knows ${migrations.length - 1}: start the newer Shipmate, or restore the older database.`,
      });
    });

    test("waits while an older process lives, and takes it away at the next start after that", async () => {
      await lives(migrations.length - 1);
      expect(await migrate(database, [...migrations, contract])).toBe(migrations.length);
      expect(await has("shipmate.blobs")).toBe(true);
      await sayGone(database, "older");
      expect(await migrate(database, [...migrations, contract])).toBe(migrations.length + 1);
      expect(await has("shipmate.blobs")).toBe(false);
    });

    test("refuses to start where more comes after it that can't wait", async () => {
      await lives(migrations.length - 1);
      const next = "CREATE TABLE shipmate.most ()";
      await expect(migrate(database, [...migrations, contract, next])).rejects.toMatchObject({
        name: "Refusal",
        message: expect.stringMatching(/^An older Shipmate still runs on this database, /),
      });
      expect(await has("shipmate.most")).toBe(false);
    });
  });
});
