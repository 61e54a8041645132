/** Connections that break and come back: slow, because Bolt waits five seconds before it connects again. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Slack } from "../../../src/surfaces/slack/slack.ts";
import { slack } from "../../../src/surfaces/slack/slack.ts";
import type { RecordingDoor } from "./door.ts";
import { recordingDoor } from "./door.ts";
import { slackPerson } from "./slack-person.ts";
import type { SlackServer } from "./slack-server.ts";
import { slackServer } from "./slack-server.ts";

let server: SlackServer;
let surface: Slack;
let door: RecordingDoor;

beforeEach(async () => {
  server = await slackServer();
  door = recordingDoor();
  const { botToken, appToken, apiUrl } = server;
  surface = slack({ botToken, appToken, apiUrl, log: () => undefined }, door);
});

afterEach(async () => {
  await surface.close();
  await server.close();
});

test("a connection that Slack recycles comes back by itself", async () => {
  await surface.start();
  expect(connecting()).toBe(1);
  server.disconnect();
  await expect.poll(connecting, { timeout: 50_000 }).toBe(2);
  await expect.poll(server.connections).toBe(1);
  await slackPerson(server, "U0ADA", "socket").types("/deploy web", "C0GENERAL");
  expect(door.stored[0]?.said).toEqual({ text: "deploy web" });
});

test("a Slack that has trouble at the start is asked again", async () => {
  server.next("apps.connections.open", { status: 500 });
  server.next("auth.test", { status: 500 });
  await surface.start();
  await expect.poll(server.connections, { timeout: 50_000 }).toBe(1);
});

test("a Slack that does not answer holds up nobody's start, and closing then is no error", async () => {
  server.next("apps.connections.open", "hangs");
  const before = performance.now();
  await surface.start();
  // A call that hangs is given up after 10 s; it does not wait for that.
  expect(performance.now() - before).toBeLessThan(9_000);
  expect(server.connections()).toBe(0);
});

function connecting(): number {
  return server.asked.filter(({ method }) => method === "apps.connections.open").length;
}
