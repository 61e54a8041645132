import { expect, test } from "vitest";
import { migrations } from "../../src/store/migrations.ts";
import { whatBreaks } from "./migrations.ts";

test.each(migrations.map((migration, i) => ({ version: i + 1, migration })))(
  "migration $version is survived by the version before it",
  ({ version, migration }) => {
    if (typeof migration === "string") expect(whatBreaks(migration)).toBeUndefined();
    else expect(migration.after).toBeLessThan(version);
  },
);

test.each([
  "DROP TABLE shipmate.blobs",
  "ALTER TABLE shipmate.runs DROP COLUMN title",
  "ALTER TABLE shipmate.runs RENAME COLUMN title TO name",
  "ALTER TABLE shipmate.runs ADD COLUMN team text NOT NULL",
  "ALTER TABLE shipmate.runs ADD COLUMN team text REFERENCES shipmate.teams (id)",
  "ALTER TABLE shipmate.runs ALTER COLUMN number TYPE text",
  "ALTER TABLE shipmate.runs ALTER COLUMN says SET NOT NULL",
  "CREATE UNIQUE INDEX runs_title ON shipmate.runs (title)",
  "UPDATE shipmate.runs SET state = 'done'",
  "CREATE TABLE shipmate.more (n bigint); TRUNCATE shipmate.runs",
])("what would break an older process is seen: %s", (sql) => {
  expect(whatBreaks(sql)).toBeDefined();
});

test.each([
  "ALTER TABLE shipmate.runs ADD COLUMN team text",
  "ALTER TABLE shipmate.runs ADD COLUMN tries integer NOT NULL DEFAULT 0 -- never DROP it",
  "CREATE TABLE shipmate.more (n bigint NOT NULL); CREATE UNIQUE INDEX more_n ON shipmate.more (n)",
  "CREATE FUNCTION shipmate.f() RETURNS bigint LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$",
])("what only adds is let through: %s", (sql) => {
  expect(whatBreaks(sql)).toBeUndefined();
});
