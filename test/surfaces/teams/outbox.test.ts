/** Teams behind the real outbox: what stands in a conversation follows what should stand there. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createProjector, type Projector } from "../../../src/engine/projector.ts";
import type { Database } from "../../../src/store/database.ts";
import { changeReply, findMessage, insertReply } from "../../../src/store/messages.ts";
import { type Teams, teams } from "../../../src/surfaces/teams/teams.ts";
import { type Clock, empty, memoryDatabase, turnClock } from "../../databases.ts";
import { recordingDoor } from "../slack/door.ts";
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
  surface = teams({ ...server.settings, host: "127.0.0.1", log: () => {} }, recordingDoor());
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
