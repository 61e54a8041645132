/** Buttons: whoever sees one may press it, whatever happens meanwhile. */
import { expect, test } from "vitest";
import { z } from "zod";
import { insertButtons } from "../../src/store/buttons.ts";
import { insertReply } from "../../src/store/messages.ts";
import { markPosted } from "../../src/store/posted.ts";
import { memoryDatabase } from "../databases.ts";

test("a button is on the disk before its card is shown, and the same one again waits for no disk", async () => {
  const database = await memoryDatabase();
  const Flushed = z.object({ flushed: z.boolean(), written: z.string() });
  const disk = async () => {
    const [row] = await database.query(
      Flushed,
      `SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn() AS flushed,
         pg_current_wal_insert_lsn()::text AS written`,
    );
    return row;
  };
  await insertReply(database, {
    id: "m",
    at: { surface: "chat", channel: "c" },
    card: { title: "t" },
  });
  const posted = { rev: 1, hash: "h", drawn: { title: "t", buttons: [] }, pace: 0, again: false };
  await markPosted(database, [{ id: "m", ref: "r", ...posted }]);
  expect(await disk(), "what may be lost waits for no disk").toMatchObject({ flushed: false });
  const button = {
    id: "b",
    message: "m",
    surface: "chat",
    channel: "c",
    command: "help",
    args: {},
  };
  await insertButtons(database, [button]);
  const before = await disk();
  expect(before).toMatchObject({ flushed: true });
  await insertButtons(database, [button]);
  expect(await disk()).toEqual(before);
  await database.close();
});
