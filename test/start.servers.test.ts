/** Start and stop of the real process: what it says, what it refuses, and what outlives it. */
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type Shipmate, startShipmate } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import type { Log } from "../src/observe/log.ts";
import { logger } from "../src/observe/log.ts";
import { masker } from "../src/observe/mask.ts";
import { chat } from "../src/surfaces/cli/chat.ts";
import { home, launch, processesOf, start, until } from "./shipmate.ts";

const project = join(import.meta.dirname, "..");

/** A folder that is cleared at the test's end, with whatever runs in it. */
async function folder(): Promise<string> {
  const place = await home();
  onTestFinished(() => place.clear());
  return place.folder;
}

const ended = (word: RegExp) => (message: { card: { state?: { word: string } } | null }) =>
  word.test(message.card?.state?.word ?? "");

test("it says where it is and why it runs as it does, and nothing else", async () => {
  const home = await folder();
  const shipmate = await start({ SHIPMATE_HOME: home });
  await until("the why", () => shipmate.stdout().split("\n").length > 2);
  expect(shipmate.stdout()).toBe(
    `Shipmate is ready: ${shipmate.url}\nLocal, because neither DATABASE_URL nor a chat's token is set; its data is in ${home}.\n`,
  );
  expect(shipmate.stderr()).toBe("");
  expect((await fetch(new URL("/readyz", shipmate.url))).status).toBe(200);
  shipmate.kill("SIGTERM");
  expect(await shipmate.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
});

test("a port that is in use is one sentence, and nothing is left behind", async () => {
  const home = await folder();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const { code, stdout, stderr } = await launch({ SHIPMATE_HOME: home, PORT: String(port) }).ended;
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toBe(`Port ${port} is in use. Stop what uses it, or set PORT.\n`);
  expect(await readdir(join(home, "holders")), "the folder is free again").toEqual([]);
  expect(processesOf(home)).toEqual([]);
});

test("a folder in use is refused within 2 s, with the pid of who has it, who goes on", async () => {
  const home = await folder();
  const first = await start({ SHIPMATE_HOME: home });
  // 2 s of its own, and as long again as this process takes to load; on a busy machine the best of a few.
  const most = 2_000 + first.took;
  let took = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 5 && took >= most; time += 1) {
    const began = performance.now();
    const { code, stderr, stdout } = await launch({ SHIPMATE_HOME: home }).ended;
    took = Math.min(took, performance.now() - began);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      `Another Shipmate (pid ${first.pid}) uses ${home}. Stop it, or set SHIPMATE_HOME to another folder.\n`,
    );
  }
  expect(took).toBeLessThan(most);
  expect((await fetch(new URL("/readyz", first.url))).status).toBe(200);
});

test.each([
  [{ REDIS_URL: "redis://127.0.0.1:1" }, /^REDIS_URL is set without DATABASE_URL: .*\n$/],
  [{ HOST: "0.0.0.0" }, /^HOST is not an address of this machine alone: .*\n$/],
  [{ PORT: "http" }, /^PORT .*\n$/],
  [{ SLACK_BOT_TOKEN: "hunter2" }, /^SLACK_BOT_TOKEN (?!.*hunter2).*\n$/],
])("settings that can't be are refused in one line: %o", async (settings, says) => {
  const home = await folder();
  const { code, stdout, stderr } = await launch({ SHIPMATE_HOME: home, ...settings }).ended;
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(says);
  expect(await readdir(home), "nothing was made").toEqual([]);
});

test("asked to end while a deploy is under way it ends at once, and the deploy goes on after the next start", async () => {
  const home = await folder();
  let shipmate = await start({ SHIPMATE_HOME: home });
  const of = (as: string) => chat(as, { url: shipmate.url, channel: "general", patience: 60_000 });
  // 1.2.0 of hello never becomes healthy, so this is under way for 10 s and more.
  await of("ada").say("deploy hello 1.2.0 to staging");
  await of("ada").until("the deploy", ended(/^Running/));
  const asked = performance.now();
  shipmate.kill("SIGTERM");
  const end = await shipmate.ended;
  expect(performance.now() - asked).toBeLessThan(5_000 + shipmate.took);
  expect(end).toMatchObject({ code: 0, signal: null, stderr: "" });

  shipmate = await start({ SHIPMATE_HOME: home });
  const root = await of("ada").until("the end", ended(/^Taken back/));
  expect(root.card?.says).toContain("1.2.0");
  await until("no process", () => processesOf(home).length === 0);
});

test("Ctrl-C that arrives twice at once is not taken for impatience", async () => {
  const home = await folder();
  // On a busy machine they may be far apart, and then it would be impatience.
  for (let apart = Number.POSITIVE_INFINITY; apart > 200; ) {
    const shipmate = await start({ SHIPMATE_HOME: home });
    const first = performance.now();
    shipmate.kill("SIGINT");
    await sleep(5);
    shipmate.kill("SIGINT");
    apart = performance.now() - first;
    const end = await shipmate.ended;
    if (apart <= 200) expect(end).toMatchObject({ code: 0, signal: null });
  }
  expect(await readdir(join(home, "holders"))).toEqual([]);
});

test("services go on without Shipmate, and the next one knows them", async () => {
  const home = await folder();
  let shipmate = await start({ SHIPMATE_HOME: home });
  let ada = chat("ada", { url: shipmate.url, channel: "general", patience: 60_000 });
  await ada.say("deploy hello 1.0.0 to staging");
  await ada.until("the end", ended(/^Succeeded/));
  const [pid] = processesOf(home);
  expect(pid).toBeDefined();
  shipmate.kill("SIGTERM");
  await shipmate.ended;
  expect(processesOf(home)).toEqual([pid]);

  shipmate = await start({ SHIPMATE_HOME: home });
  ada = chat("ada", { url: shipmate.url, channel: "general", patience: 60_000 });
  await ada.say("status hello in staging");
  const status = await ada.until("the status", ({ card }) => card?.title === "hello in staging");
  expect(status.card?.says).toMatch(/^1\.0\.0 runs, 1 of 1 ready/);
  expect(processesOf(home)).toEqual([pid]);
});

/** The project's own files, with manifests that a test may spoil. */
async function rootIn(place: string): Promise<{ root: string; platform: string }> {
  const root = join(place, "root");
  await mkdir(join(root, "manifests"), { recursive: true });
  for (const name of ["commands", "workflows", "manifests/samples"])
    await symlink(join(project, name), join(root, name));
  const platform = join(root, "manifests/platform.yaml");
  await cp(join(project, "manifests/platform.yaml"), platform);
  return { root, platform };
}

async function within(place: string, root: string, log?: Log): Promise<Shipmate> {
  const settings = { SHIPMATE_HOME: join(place, "data"), PORT: "0", LOG_LEVEL: "silent" };
  const more = log === undefined ? {} : { log };
  return startShipmate(readConfig(settings), { root, stopServices: true, ...more });
}

test.each([
  ["people:\n  ada: { name: Ada", /manifests\/platform\.yaml line 2: ./],
  [
    "people:\n  ada: { nmae: Ada }\n",
    /platform\.yaml line 2: people\.ada\.nmae is no setting; did you mean name\?/,
  ],
  ["", /platform\.yaml/],
])(
  "a start with broken manifests is refused, with file, line and what is wrong: %j",
  async (text, says) => {
    const place = await folder();
    const { root, platform } = await rootIn(place);
    await writeFile(platform, text);
    await expect(within(place, root)).rejects.toThrow(says);
    expect(await readdir(join(place, "data/holders")), "the folder is free again").toEqual([]);
  },
);

test("manifests that break while it runs change nothing, the log says where, and mended they count", async () => {
  const place = await folder();
  const { root, platform } = await rootIn(place);
  const lines: string[] = [];
  const log = logger({
    level: "warn",
    mask: masker({ secrets: () => [] }),
    destination: { write: (line: string) => void lines.push(line) },
  });
  const shipmate = await within(place, root, log);
  onTestFinished(() => shipmate.close());
  const ada = chat("ada", { url: shipmate.url, channel: "general", patience: 60_000 });
  const good = await readFile(platform, "utf8");

  await writeFile(platform, good.replace("approval: {", "aproval: {"));
  await until(
    "the warning",
    () => lines.some((line) => /platform\.yaml line \d+: /.test(line)),
    5_000,
  );
  await ada.say("deploy hello 1.0.0 to production");
  const root1 = await ada.until("a card that asks", ended(/^Waiting/));
  expect(root1.card?.says, "the rule still holds").toContain("Waiting for one of payments");

  await writeFile(platform, good.replace("{ name: Grace }", "{ name: Grace Hopper }"));
  await until("the new name", async () => {
    const people = await (await fetch(new URL("/api/v1/console/people", shipmate.url))).text();
    return people.includes("Grace Hopper");
  });
});
