/** Teams behind the real outbox: what stands in a conversation follows what should stand there. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { createProjector, type Projector } from "../../../src/engine/projector.ts";
import type { Database } from "../../../src/store/database.ts";
import { changeReply, findMessage, insertReply } from "../../../src/store/messages.ts";
import { learnRef } from "../../../src/store/standing.ts";
import { type Teams, teams } from "../../../src/surfaces/teams/teams.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../../databases.ts";
import { recordingDoor } from "../slack/door.ts";
import { teamsPerson } from "./teams-person.ts";
import { group, type TeamsServer, teamsServer } from "./teams-server.ts";

let database: Database;
let clock: Clock;
let server: TeamsServer;
let surface: Teams;
let projector: Projector;

beforeAll(async () => {
  database = await memoryDatabase();
  clock = await turnClock(database);
});
afterAll(() => database.close());
beforeEach(async () => {
  await empty(database);
  await clock.set(1_000_000);
  server = await teamsServer();
  surface = teams({ ...server.settings, host: "127.0.0.1", log: () => {} }, doorHere());
  const parts = { database, nameOf: (id: string) => id, mask: <T>(value: T) => value };
  projector = createProjector({ ...parts, surfaces: [surface] });
  await insertReply(database, { id: "m1", at, card: { title: "one" } });
});
afterEach(async () => {
  await projector.close();
  await surface.close();
  await server.close();
});

const at = { surface: "teams", channel: group };
const other = "19:other@thread.v2";
const stands = () => server.messages.map(({ summary, edits }) => [summary, edits]);

test("a message is posted, changed, and posted again after somebody deleted it", async () => {
  await projector.settle();
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  await projector.settle();
  expect(stands()).toEqual([["two", 1]]);
  for (const message of server.messages.slice()) server.remove(message);
  await changeReply(database, "m1", { title: "three" });
  await clock.advance(1_000);
  await projector.settle();
  expect(stands()).toEqual([["three", 0]]);
});

test.each([{ status: 429, retryAfter: 5 }, { status: 412 }])(
  "after $status nothing stands there twice, and it comes in its time",
  async (fault) => {
    server.next("post", fault);
    await projector.settle();
    expect(stands()).toEqual([]);
    await clock.advance(1_000);
    await projector.settle();
    expect(stands()).toEqual([]);
    await clock.advance(6_000);
    await projector.settle();
    expect(stands()).toEqual([["one", 0]]);
  },
);

test("a post whose answer got lost is found by whichever process a client tells, and not posted again", async () => {
  await database.run("DELETE FROM shipmate.messages");
  const there = await elsewhere();
  // She has the conversation open, so her client comes back with each new card in it.
  const grace = teamsPerson(server, "grace", await listening(surface));
  await grace.mentions("help", group);
  await insertReply(database, { id: "m2", at, card: { title: "two" } });
  server.next("post", "lost");
  await projector.settle();
  const [lost] = server.messages;
  expect(lost?.card?.refresh?.userIds).toEqual([grace.mri]);
  if (lost) await teamsPerson(server, "grace", await listening(there.surface)).looksAt(lost);
  await expect
    .poll(async () => (await findMessage(database, "m2"))?.ref)
    .toContain(` ${lost?.id} `);
  // Whoever was told may be about to write it there already.
  await Promise.all([projector.settle(), there.projector.settle()]);
  await changeReply(database, "m2", { title: "changed" });
  await clock.advance(60_000);
  await there.projector.settle();
  expect(stands().map(([says]) => says)).toEqual(["changed"]);
});

test("what somebody's client claims of a message of another room changes nothing", async () => {
  const mallory = teamsPerson(server, "mallory", await listening(surface));
  server.next("post", { status: 500 });
  await projector.settle();
  await insertReply(database, { id: "m3", at: { ...at, channel: other }, card: { title: "own" } });
  await mallory.mentions("help", other);
  await projector.settle();
  const own = await server.sees(({ channel }) => channel === other);
  const claim = JSON.parse(
    JSON.stringify(own).replaceAll('"message":"m3"', '"message":"m1"'),
  ) as typeof own;
  expect(claim.card?.refresh?.userIds).toEqual([mallory.mri]);
  await mallory.looksAt(claim);
  await surface.close();
  expect((await findMessage(database, "m1"))?.ref).toBeNull();
  expect(server.messages.filter(({ channel }) => channel === other)).toHaveLength(1);
});

/** Another process on the same database. */
async function elsewhere() {
  const made = teams({ ...server.settings, host: "127.0.0.1", log: () => {} }, doorHere());
  const parts = { database, nameOf: (id: string) => id, mask: <T>(value: T) => value };
  const outbox = createProjector({ ...parts, surfaces: [made] });
  onTestFinished(async () => {
    await outbox.close();
    await made.close();
  });
  return { surface: made, projector: outbox };
}

function doorHere() {
  return recordingDoor({
    answer: () => ({ is: "seen" }),
    stands: (id, where, ref) => learnRef(database, id, where, ref),
  });
}

/** Where it takes requests. */
async function listening({ requestListener }: Teams): Promise<string> {
  const http = createServer(requestListener);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/api/messages`;
}

test("a conversation that is gone is given up", async () => {
  await projector.settle();
  server.archive(group);
  await changeReply(database, "m1", { title: "two" });
  await clock.advance(1_000);
  await projector.settle();
  await projector.settle();
  const message = await findMessage(database, "m1");
  expect(message?.wanted_rev).toBe(message?.posted_rev);
  expect(server.posts(group)).toBe(1);
});
