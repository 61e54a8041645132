/**
 * How long a slash command waits for its acknowledgement, beside a bare Bolt app that commits one row first.
 * Both run at the same time and are asked in turns, so that the machine is the same for both; first idle,
 * then each beside 200 runs in another process. At last Shipmate alone at 400 a second, every fifth command delivered
 * twice, while a log of 100 MB streams into a message. `node src/run.mjs bench/ack.ts [seconds of each turn] [log] [short]`:
 * `log` measures only the last.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { first } from "../src/store/database.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { slackServer } from "../test/surfaces/slack/slack-server.ts";
import { machine, percentile, spread } from "./figures.ts";
import { slashCommands } from "./load.ts";
import { answering, freePort, type Kind, kinds, place, started, stopped } from "./processes.ts";

const short = process.argv.includes("short");
const turns = short ? 1 : 3;
const rates = short ? [20] : [100, 500];
const seconds = short ? 1 : (process.argv.slice(2).map(Number).find(Number.isFinite) ?? 3);
/** A second, beside the log; every so manieth comes twice. */
const busy = short ? 20 : 400;
const again = 5;
const megabytes = short ? 2 : 100;

const slack = await slackServer();
const secret = randomBytes(16).toString("hex");
const words = { secret, text: "help", team: slack.team };
/** To each of the two. */
const sent = 50 + turns * seconds * rates.reduce((sum, rate) => sum + rate, 0);
try {
  const weathers = short ? (["idle"] as const) : (["idle", "200 runs"] as const);
  for (const kind of kinds) {
    if (!process.argv.includes("log")) for (const beside of weathers) await measure(kind, beside);
    await besideLog(kind);
  }
} finally {
  await slack.close();
}

async function measure(kind: Kind, beside: "idle" | "200 runs"): Promise<void> {
  const places = await Promise.all([place(kind), place(kind), place(kind)]);
  const [forBolt, forShipmate, forRuns] = places;
  if (!forBolt || !forShipmate || !forRuns) {
    console.log(`${kind}: left out, SHIPMATE_TEST_DATABASE_URL is not set`);
    return;
  }
  const weather =
    beside === "idle" ? undefined : await started("bench/weather.ts", [], forRuns.env);
  const bolt = await bareBolt(forBolt.env);
  const shipmate = await ours(forShipmate.env);
  try {
    if (beside === "idle")
      console.log(`${kind}, ${await machine(forBolt.env["SHIPMATE_HOME"] ?? ".")}`);
    for (const { url } of [bolt, shipmate])
      await slashCommands({ ...words, url, perSecond: 50, count: 50 });
    for (const perSecond of rates) {
      const samples = new Map<string, number[]>([bolt.url, shipmate.url].map((url) => [url, []]));
      for (let turn = 0; turn < turns; turn++)
        for (const [url, all] of samples) {
          const load = { ...words, url, perSecond, count: perSecond * seconds };
          all.push(...(await slashCommands(load)));
        }
      const [bare = [], own = []] = [...samples.values()];
      const ratio = percentile(own, 0.99) / percentile(bare, 0.99);
      console.log(
        `  ${perSecond}/s, ${beside}: p99 is ${ratio.toFixed(2)} times that of bare Bolt`,
      );
      console.log(`    bare Bolt  ${spread(bare)}`);
      console.log(`    Shipmate   ${spread(own)}`);
    }
  } finally {
    for (const { child } of [shipmate, bolt]) await stopped(child);
    await stopped(weather);
    await allStored(forBolt.env, "data", "bare_bolt");
    await allStored(forShipmate.env, "database", "shipmate.inbox");
    for (const each of places) await each?.clear();
  }
}

/** Before the log, and while it streams. */
async function besideLog(kind: Kind): Promise<void> {
  const home = await place(kind);
  if (home === undefined) return;
  const port = await freePort();
  const child = await started("bench/ack-shipmate.ts", [String(megabytes)], {
    ...{ ...home.env, ...inSlack(port), LOG_LEVEL: "error" },
  });
  const load = { ...words, url: `http://127.0.0.1:${port}/slack/events`, perSecond: busy, again };
  try {
    await slashCommands({ ...load, perSecond: 50, count: 50 });
    const before = await slashCommands({ ...load, count: busy * seconds });
    const read = async () => {
      child.send("how far");
      const [far] = await once(child, "message");
      return Number(far);
    };
    await slashCommands({
      ...{ ...words, url: load.url, perSecond: 1, count: 1 },
      text: "logs web in staging follow",
    });
    while ((await read()) === 0) await sleep(20);
    const [from, began] = [await read(), performance.now()];
    const beside = await slashCommands({ ...load, count: busy * seconds });
    const rate = ((await read()) - from) / ((performance.now() - began) / 1_000);
    const over = (await read()) >= megabytes ? ", which ended meanwhile" : "";
    console.log(
      `${kind}: ${busy}/s, every ${again}th twice, beside a log of ${megabytes} MB (${rate.toFixed(1)} MB/s${over})`,
    );
    console.log(`    without    ${spread(before)}`);
    console.log(`    beside it  ${spread(beside)}`);
    const all = 51 + before.length + beside.length;
    await stopped(child);
    // The warm-up has ten of them twice, and so on; the command for the log comes once.
    await allStored(home.env, "database", "shipmate.inbox", all - Math.floor((all - 1) / again));
  } finally {
    await stopped(child);
    await home.clear();
  }
}

/** An acknowledgement of something that was not stored counts for nothing. */
async function allStored(
  env: { readonly [name: string]: string },
  folder: string,
  table: string,
  wanted = sent,
): Promise<void> {
  const { DATABASE_URL: url, SHIPMATE_HOME: home = "." } = env;
  const database =
    url === undefined ? await openPglite({ folder: join(home, folder) }) : await openPostgres(url);
  const row = z.object({ n: z.number() });
  const stored = await first(database, row, `SELECT count(*)::int AS n FROM ${table}`);
  await database.close();
  if (stored?.n !== wanted)
    throw new Error(`of ${wanted} commands that were acknowledged ${stored?.n} are in ${table}`);
}

async function bareBolt(env: { readonly [name: string]: string }) {
  const port = await freePort();
  const more = { ...env, SLACK_SIGNING_SECRET: secret };
  const child = await started("bench/bare-bolt.ts", [String(port)], more);
  return { child, url: `http://127.0.0.1:${port}/slack/events` };
}

async function ours(env: { readonly [name: string]: string }) {
  const port = await freePort();

  const child = spawn(process.execPath, ["src/run.mjs", "src/main.ts"], {
    env: {
      ...{ PATH: process.env["PATH"], ...env, ...inSlack(port), LOG_LEVEL: "error" },
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await answering(`http://127.0.0.1:${port}/readyz`, child);
  return { child, url: `http://127.0.0.1:${port}/slack/events` };
}

/** Shipmate's settings for it. */
function inSlack(port: number) {
  return {
    PORT: String(port),
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_SIGNING_SECRET: secret,
    SLACK_API_URL: slack.apiUrl,
  };
}
