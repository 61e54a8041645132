/** The main job from end to end in Teams: a whole Shipmate, signed activities in, the Teams-like server out. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Shipmate, startShipmate } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { labels, type TeamsPerson, teamsPerson } from "./teams-person.ts";
import { general, type TeamsMessage, type TeamsServer, teamsServer } from "./teams-server.ts";

const project = join(import.meta.dirname, "../../..");

let home: string;
let server: TeamsServer;
let shipmate: Shipmate;
let ada: TeamsPerson;
let grace: TeamsPerson;
let mallory: TeamsPerson;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-teams-"));
  server = await teamsServer();
  for (const name of ["ada", "grace", "mallory"]) server.person(name);
  const settings = {
    SHIPMATE_HOME: join(home, "data"),
    PORT: "0",
    LOG_LEVEL: "silent",
    MicrosoftAppId: server.settings.app.id,
    MicrosoftAppPassword: server.settings.app.password,
    MicrosoftAppTenantId: server.settings.app.tenant,
  };
  const { app: _, ...microsoft } = server.settings;
  shipmate = await startShipmate(readConfig(settings), {
    root: await rootWithTeams(),
    stopServices: true,
    microsoft: { ...microsoft, answerIn: 60_000 },
  });
  const url = `${shipmate.url.replace(/\/$/, "")}/api/messages`;
  [ada, grace, mallory] = [
    teamsPerson(server, "ada", url),
    teamsPerson(server, "grace", url),
    teamsPerson(server, "mallory", url),
  ];
});

afterAll(async () => {
  await shipmate?.close();
  await server?.close();
  await rm(home, { recursive: true, force: true });
});

test("a sentence becomes a running version, approved by somebody else, on one message that tells the truth", async () => {
  await ada.mentions("deploy web 1.4.1 to production", general);
  const card = await root("Deploy web 1.4.1 to production");
  await says(card, "Waiting");
  // What grace's client shows her. The others press the same button although it is not for them.
  const hers = { ...card, card: await grace.looksAt(card) };
  const own = await ada.presses("Approve", hers);
  expect(JSON.stringify(own.body)).toMatch(/somebody else|another/i);
  await server.sees(
    ({ channel, summary }) => channel === ada.chat && /somebody else|another/i.test(summary),
  );
  await mallory.presses("Approve", hers);
  await server.sees(({ channel }) => channel === mallory.chat);
  expect((await grace.presses("Approve", hers, { old: true })).status).toBe(200);
  await says(card, "Succeeded");
  expect(card.summary).toContain("web 1.4.1 runs in production.");
  expect(roots("Deploy web 1.4.1 to production")).toHaveLength(1);
  expect(card.edits).toBeGreaterThan(0);
});

test("a missing argument opens a dialog, and what is filled in runs", async () => {
  await ada.mentions("deploy web", general);
  const offer = await server.sees((message) => labels(message.card).includes("Fill it in"), 90_000);
  const dialog = await ada.presses("Fill it in", offer);
  const sent = await ada.fills(dialog, { version: "1.4.1", environment: "staging" }, offer);
  expect(sent.status).toBe(200);
  await says(await root("Deploy web 1.4.1 to staging"), "Succeeded");
});

test("the same event three times is one run", async () => {
  for (let at = 0; at < 3; at += 1)
    await ada.writes("deploy web 1.4.2 to staging", { id: "thrice" });
  await says(await root("Deploy web 1.4.2 to staging"), "Succeeded");
  expect(roots("Deploy web 1.4.2 to staging")).toHaveLength(1);
});

test("a version that does not start is taken back, and says why", async () => {
  await ada.writes("deploy web 1.5.0 to staging");
  await says(await root("Deploy web 1.5.0 to staging"), "Taken back");
});

test("a wrong name is answered in private with the nearest right one", async () => {
  await ada.mentions("deploy wbe 1.4.2 to staging", general);
  const told = await server.sees(
    ({ channel, summary }) => channel === ada.chat && summary.includes("wbe"),
  );
  expect(told.summary).toContain("web");
});

test("a lost answer to a post makes no second message, since the asker's client shows it", async () => {
  server.next("post", "lost");
  await ada.mentions("deploy hello 1.0.0 to staging", general);
  const card = await root("Deploy hello 1.0.0 to staging");
  await ada.looksAt(card);
  await says(card, "Succeeded");
  expect(roots("Deploy hello 1.0.0 to staging")).toHaveLength(1);
});

test("nothing that Teams refuses was sent", () => {
  expect(server.refused).toEqual([]);
});

/** The project's own files, with the accounts of its people on Teams. */
async function rootWithTeams(): Promise<string> {
  const folder = join(home, "root");
  await mkdir(join(folder, "manifests"), { recursive: true });
  for (const name of ["commands", "workflows", "manifests/samples"])
    await symlink(join(project, name), join(folder, name));
  const platform = await readFile(join(project, "manifests/platform.yaml"), "utf8");
  const linked = platform.replace(
    /\b(ada|grace|mallory): \{ name: (\w+) \}/g,
    (_, id: string, name: string) =>
      `${id}: { name: ${name}, accounts: { teams: ${server.person(id).account} } }`,
  );
  await writeFile(join(folder, "manifests/platform.yaml"), linked);
  return folder;
}

/** Cards of runs: what mentions somebody only calls them to one. */
function roots(title: string): readonly TeamsMessage[] {
  return server.messages.filter(
    ({ summary, card }) => summary.startsWith(title) && !JSON.stringify(card).includes("<at>"),
  );
}

async function root(title: string): Promise<TeamsMessage> {
  return await server.sees((message) => roots(title).includes(message), 90_000);
}

async function says(message: TeamsMessage, word: string): Promise<void> {
  await expect.poll(() => message.summary, { timeout: 90_000 }).toContain(word);
}
