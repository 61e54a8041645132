/** The main job from end to end in Slack: a whole Shipmate, signed requests in, the Slack-like server out. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Shipmate } from "../../../src/app.ts";
import { startShipmate } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import type { SlackPerson } from "./slack-person.ts";
import { slackPerson } from "./slack-person.ts";
import type { SlackMessage, SlackServer } from "./slack-server.ts";
import { slackServer } from "./slack-server.ts";

const general = "C0GENERAL";
const project = join(import.meta.dirname, "../../..");

let home: string;
let server: SlackServer;
let shipmate: Shipmate;
let ada: SlackPerson;
let grace: SlackPerson;
let mallory: SlackPerson;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-slack-"));
  server = await slackServer();
  const settings = {
    SHIPMATE_HOME: join(home, "data"),
    PORT: "0",
    LOG_LEVEL: "silent",
    SLACK_BOT_TOKEN: server.botToken,
    SLACK_SIGNING_SECRET: server.signingSecret,
    SLACK_API_URL: server.apiUrl,
  };
  shipmate = await startShipmate(readConfig(settings), {
    root: await rootWithSlack(),
    stopServices: true,
  });
  const url = `${shipmate.url.replace(/\/$/, "")}/slack/events`;
  [ada, grace, mallory] = [
    slackPerson(server, "U0ADA", url),
    slackPerson(server, "U0GRACE", url),
    slackPerson(server, "U0MALLORY", url),
  ];
});

afterAll(async () => {
  await shipmate?.close();
  await server?.close();
  await rm(home, { recursive: true, force: true });
});

test("a sentence becomes a running version, approved by somebody else, on one message that tells the truth", async () => {
  await ada.types("/deploy web 1.4.1 to production", general);
  const card = await root("Deploy web 1.4.1 to production");
  await says(card, "Waiting");
  await ada.presses("Approve", card);
  await server.sees(({ to, text }) => to === "U0ADA" && /somebody else|another/i.test(text));
  await mallory.presses("Approve", card);
  await server.sees(({ to }) => to === "U0MALLORY");
  await grace.presses("Approve", card);
  await says(card, "Succeeded");
  expect(card.text).toContain("web 1.4.1 runs in production.");
  expect(roots("Deploy web 1.4.1 to production")).toHaveLength(1);
  expect(card.edits).toBeGreaterThan(0);
});

test("a missing argument opens a dialog, and what is filled in runs", async () => {
  await ada.types("/deploy web", general);
  const view = await server.shows(({ user }) => user === "U0ADA");
  const ack = await ada.fills(view, { version: "1.4.1", environment: "staging" });
  expect(ack).toEqual({ status: 200, body: "" });
  await says(await root("Deploy web 1.4.1 to staging"), "Succeeded");
});

test("the same event three times is one run", async () => {
  for (const retry of [1, 2, 3])
    await ada.mentions("deploy web 1.4.2 to staging", general, { id: "EvThrice", retry });
  await says(await root("Deploy web 1.4.2 to staging"), "Succeeded");
  expect(roots("Deploy web 1.4.2 to staging")).toHaveLength(1);
});

test("a version that does not start is taken back, and says why", async () => {
  await ada.types("/deploy web 1.5.0 to staging", general);
  const card = await root("Deploy web 1.5.0 to staging");
  await says(card, "Taken back");
});

test("a wrong name is answered in private with the nearest right one as a button", async () => {
  await ada.types("/deploy wbe 1.4.2 to staging", general);
  const told = await server.sees(({ to, text }) => to === "U0ADA" && text.includes("wbe"));
  expect(told.text).toContain("web");
});

test("a lost answer to a post makes no second message", async () => {
  server.next("chat.postMessage", "lost");
  await ada.types("/deploy hello 1.0.0 to staging", general);
  await says(await root("Deploy hello 1.0.0 to staging"), "Succeeded");
  expect(roots("Deploy hello 1.0.0 to staging")).toHaveLength(1);
});

test("nobody was called but who had to answer and who had asked, and nothing that Slack refuses was sent", () => {
  const called = server.mentions().map((mention) => JSON.parse(mention));
  expect(new Set(called.map(({ user_id: id }) => id))).toEqual(new Set(["U0GRACE", "U0ADA"]));
  expect(server.refused).toEqual([]);
});

/** The project's own files, with the accounts of its people on Slack. */
async function rootWithSlack(): Promise<string> {
  const folder = join(home, "root");
  await mkdir(join(folder, "manifests"), { recursive: true });
  for (const name of ["commands", "workflows", "manifests/samples"])
    await symlink(join(project, name), join(folder, name));
  const platform = await readFile(join(project, "manifests/platform.yaml"), "utf8");
  const linked = platform.replace(
    /\b(ada|grace|mallory): \{ name: (\w+) \}/g,
    (_, id: string, name: string) =>
      `${id}: { name: ${name}, accounts: { slack: U0${id.toUpperCase()} } }`,
  );
  await writeFile(join(folder, "manifests/platform.yaml"), linked);
  return folder;
}

function roots(title: string): readonly SlackMessage[] {
  return server.messages.filter(
    ({ text, to, thread }) => text.startsWith(title) && to === undefined && thread === undefined,
  );
}

async function root(title: string): Promise<SlackMessage> {
  return await server.sees((message) => roots(title).includes(message), 90_000);
}

async function says(message: SlackMessage, word: string): Promise<void> {
  await expect.poll(() => message.text, { timeout: 90_000 }).toContain(word);
}
