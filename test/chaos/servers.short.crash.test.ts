/** The short forms of `npm run outages`: servers that die, a start without one, a full disk, a power cut, a backup brought back. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { lookAtDatabase } from "../../src/doctor/database.ts";
import { chat } from "../../src/surfaces/cli/chat.ts";
import { freePort } from "../free-port.ts";
import { killAll } from "../kill-all.ts";
import { home, launch, processesOf, start } from "../shipmate.ts";
import { inTurns, troubled } from "./dying.ts";
import { lateDatabase, lateRedis } from "./late.ts";
import { ownPostgres } from "./own-servers.ts";
import { powerCuts } from "./power.ts";
import { restoreTest } from "./restore-test.ts";
import { empty, fill, smallDisk } from "./small-disk.ts";

test("PostgreSQL stopped at once, Redis emptied and killed, in turns: nothing lost, nothing twice", async () => {
  const { runs, effects } = await troubled(inTurns());
  expect(runs).toBeGreaterThan(0);
  expect(effects).toBeGreaterThan(0);
});

test("PostgreSQL is away at the start: it says so in one line, is not ready, and goes on when it comes", async () => {
  const place = await home();
  onTestFinished(() => place.clear());
  const postgres = await ownPostgres();
  onTestFinished(() => postgres.close());
  await postgres.stop("SIGQUIT");
  const PORT = String(await freePort());
  const settings = { SHIPMATE_HOME: place.folder, DATABASE_URL: postgres.url, PORT };
  const { child, ended, stdout, stderr } = launch({ ...settings, LOG_LEVEL: "warn" });
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${PORT}${path}`).catch(() => undefined);
    return answer ? { status: answer.status, text: await answer.text() } : undefined;
  };
  let first = await ask("/readyz");
  while (first === undefined) {
    await sleep(20);
    first = await ask("/readyz");
  }
  expect(first.status).toBe(503);
  expect(first.text).toContain("Nothing listens at 127.0.0.1");
  expect((await ask("/healthz"))?.status).toBe(200);
  await sleep(2_500);
  expect(stderr().trim().split("\n"), "one line, however often it tried").toHaveLength(1);
  expect(stderr()).toContain("start PostgreSQL there, or correct DATABASE_URL. Shipmate waits");
  await postgres.start();
  while (!stdout().includes("Shipmate is ready")) await sleep(20);
  expect((await ask("/readyz"))?.status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0 });
});

test("when PostgreSQL comes after it, it works within 10 s, or where its start takes longer than one in ten times as long", async () => {
  const { start, ready, effect } = await lateDatabase(2);
  expect(ready.times).toBe(2);
  expect(effect.max).toBeLessThan(Math.max(10_000, 10 * start.max));
});

test("without its Redis it starts, works and says so in one sentence, and it rings when Redis comes", async () => {
  const { without, said, up, rings } = await lateRedis();
  const away = expect.stringMatching(
    /^Nothing listens at 127\.0\.0\.1:\d+: start Redis there, or correct REDIS_URL\. Until then runs go on, some seconds slower\.$/,
  );
  expect(without).toEqual([[away], [away]]);
  expect(said).toEqual([
    [away, "Redis answers now."],
    [away, "Redis answers now."],
  ]);
  expect(up).toEqual([
    ["0", "0"],
    ["1", "1"],
  ]);
  expect(rings).toBeGreaterThan(0);
});

test("asked to end while it waits for PostgreSQL it ends at once, and one that does not let it in is refused", async () => {
  const place = await home();
  onTestFinished(() => place.clear());
  const PORT = String(await freePort());
  const nobody = `postgres://shipmate@127.0.0.1:${await freePort()}/shipmate`;
  const waiting = launch({ SHIPMATE_HOME: place.folder, DATABASE_URL: nobody, PORT });
  while (!waiting.stderr().includes("Shipmate waits for it")) await sleep(20);
  waiting.child.kill("SIGTERM");
  expect(await waiting.ended).toMatchObject({ code: 0, signal: null });
  const postgres = await ownPostgres();
  onTestFinished(() => postgres.close());
  const wrong = new URL(postgres.url);
  wrong.pathname = "/nowhere";
  const { code, stderr } = await launch({
    ...{ SHIPMATE_HOME: place.folder, DATABASE_URL: wrong.href, PORT },
  }).ended;
  expect(code).toBe(1);
  expect(stderr).toBe(
    `PostgreSQL at ${wrong.host} has no database nowhere: create it, or correct DATABASE_URL.\n`,
  );
});

test("the embedded database's disk is full: whoever says something reads why, and with room it goes on", async (context) => {
  const disk = (await smallDisk(200)) ?? context.skip("only root may mount a small disk");
  onTestFinished(() => disk.clear());
  const shipmate = await start({ SHIPMATE_HOME: join(disk.folder, "home") });
  const say = async () => {
    const answer = await fetch(new URL("/api/v1/console/say", shipmate.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        as: "ada",
        channel: "general",
        text: "deploy hello 1.0.0 to staging",
      }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  fill(disk.folder);
  await sleep(200);
  const refused = await say();
  expect(refused.status).toBe(503);
  expect(refused.text).toContain(
    "The database's disk is full, so nothing was done. Try again when",
  );
  const ready = await fetch(new URL("/readyz", shipmate.url));
  expect([ready.status, await ready.text()]).toEqual([
    503,
    expect.stringContaining("disk is full"),
  ]);
  const config = readConfig({ SHIPMATE_HOME: join(disk.folder, "home") });
  expect(await lookAtDatabase(config)).toMatchObject([
    { is: "wrong", says: expect.stringContaining("make room there") },
  ]);
  empty(disk.folder);
  await sleep(200);
  expect((await say()).status).toBe(200);
  const ada = chat("ada", { url: shipmate.url, channel: "general", patience: 60_000 });
  await ada.until("the end", ({ card }) => /^Succeeded/.test(card?.state?.word ?? ""));
  shipmate.kill("SIGTERM");
  expect(await shipmate.ended).toMatchObject({ code: 0 });
  killAll(processesOf(disk.folder));
});

test("a power cut loses nothing that was acknowledged", async () => {
  const { runs, syncs, effects } = await powerCuts(1, 8);
  expect(runs).toBeGreaterThan(0);
  expect(syncs).toBeGreaterThan(2 * effects);
});

restoreTest("postgres");
