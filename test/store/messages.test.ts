/** Messages that are posted once, whoever tries. */
import { expect, test } from "vitest";
import { findMessage, insertReply, markTried } from "../../src/store/messages.ts";
import { memoryDatabase } from "../databases.ts";

test("whoever comes late with an old claim is told that somebody else tried", async () => {
  const database = await memoryDatabase();
  const at = { surface: "chat", channel: "c" };
  await insertReply(database, { id: "m", at, card: { title: "one" } });
  const claimed = await findMessage(database, "m");
  expect(claimed).toBeDefined();
  if (claimed) {
    expect(await markTried(database, claimed)).toBe(true);
    expect(await markTried(database, claimed)).toBe(false);
  }
  await database.close();
});
