/** Messages that are posted once, whoever tries. */
import { expect, test } from "vitest";
import { changeReply, claimBehind, findMessage, insertReply } from "../../src/store/messages.ts";
import { markPosted, markTried } from "../../src/store/posted.ts";
import { learnRef } from "../../src/store/standing.ts";
import { memoryDatabase, turnClock } from "../databases.ts";

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

test("where a message stands is learnt from somebody who sees it there, and from nobody else", async () => {
  const database = await memoryDatabase();
  const room = { surface: "chat", channel: "room" };
  const say = (id: string, channel = "room", to?: string) =>
    insertReply(database, { id, at: { surface: "chat", channel }, card: { title: id }, to });
  const refOf = async (id: string) => (await findMessage(database, id))?.ref;
  await say("m");
  // Nobody has tried to post it: it cannot be there.
  expect(await learnRef(database, "m", room, "ref-1")).toBeUndefined();
  const claimed = await findMessage(database, "m");
  if (claimed) await markTried(database, claimed);
  // Another room, another chat, somebody else's own chat.
  expect(await learnRef(database, "m", { ...room, channel: "elsewhere" }, "ref-1")).toBeUndefined();
  expect(await learnRef(database, "m", { ...room, surface: "other" }, "ref-1")).toBeUndefined();
  expect(
    await learnRef(database, "m", { ...room, channel: "x", owner: "mallory" }, "ref-1"),
  ).toBeUndefined();
  expect(await refOf("m")).toBeNull();
  expect(await learnRef(database, "m", room, "ref-1")).toBe("ref-1");
  expect(await refOf("m")).toBe("ref-1");
  // The one that was learnt first counts, and another message's place is never taken.
  expect(await learnRef(database, "m", room, "ref-2")).toBe("ref-1");
  await say("n");
  const posted = { rev: 1, hash: "h", drawn: { title: "n", buttons: [] }, pace: 0 };
  await markPosted(database, [{ id: "n", ...posted, ref: "ref-n" }]);
  expect(await learnRef(database, "m", room, "ref-n")).toBeUndefined();
  // What is for one person stands in their own chat.
  await say("whisper", "room", "Ada");
  const whisper = await findMessage(database, "whisper");
  if (whisper) await markTried(database, whisper);
  const own = { ...room, channel: "a:1", owner: "ada" };
  expect(await learnRef(database, "whisper", own, "ref-w")).toBe("ref-w");
  await database.close();
});

test("of several that were posted each stands where it was posted, and what is to be drawn again is behind", async () => {
  const database = await memoryDatabase();
  for (const id of ["a", "b"])
    await insertReply(database, {
      ...{ id, at: { surface: "slack", channel: "room" }, card: { title: id } },
    });
  const posted = { rev: 1, hash: "h", drawn: { title: "t", buttons: [] }, pace: 0 };
  await markPosted(database, [
    { id: "a", ...posted, ref: "ref-a" },
    { id: "b", ...posted, ref: "ref-b", again: true },
  ]);
  expect(await findMessage(database, "a")).toMatchObject({ ref: "ref-a", wanted_rev: 1 });
  expect(await findMessage(database, "b")).toMatchObject({ ref: "ref-b", wanted_rev: 2 });
  await database.close();
});

test("what jumps the queue while a message is being changed does not wait for that one's pace", async () => {
  const database = await memoryDatabase();
  const clock = await turnClock(database, 1_000_000);
  const at = { surface: "slack", channel: "room" };
  await insertReply(database, { id: "m", at, card: { title: "one" } });
  const claim = async () => {
    const wants = { surfaces: ["slack"], paces: [], busy: [], limit: 9, lease: 30_000 };
    const [one] = await claimBehind(database, wants);
    return one?.wanted_rev;
  };
  const mark = (rev: number) => {
    const posted = { hash: "h", ref: "r", drawn: { title: "t", buttons: [] }, pace: 2_500 };
    return markPosted(database, [{ id: "m", rev, ...posted }]);
  };
  const change = () => changeReply(database, "m", { title: "more" });
  const jump = () => database.run("UPDATE shipmate.messages SET next_at = 0");

  expect(await claim()).toBe(1);
  await change();
  await mark(1);
  expect(await claim(), "a change waits for its turn").toBeUndefined();
  await clock.advance(2_500);
  expect(await claim()).toBe(2);
  await change();
  await jump();
  await mark(2);
  expect(await claim()).toBe(3);
  await jump();
  await mark(3);
  await change();
  expect(await claim(), "what jumped is what was posted").toBeUndefined();
  await database.close();
});
