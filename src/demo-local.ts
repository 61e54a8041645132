/**
 * The main job in a terminal, as a transcript of the chat. A whole Shipmate is started in a
 * folder of its own and asked like people ask it; what it says is compared with what really runs.
 * With `--pause` it waits for Enter after each address that it printed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { z } from "zod";
import { startShipmate } from "./app.ts";
import { readConfig } from "./config.ts";
import { type Message, Unanswered } from "./surfaces/cli/chat.ts";
import { person } from "./surfaces/cli/person.ts";
import { screen } from "./surfaces/cli/screen.ts";

const show = screen(process.stdout);
const pauses = process.argv.includes("--pause") ? createInterface(process.stdin) : undefined;
const entered = pauses?.[Symbol.asyncIterator]();

const home = await mkdtemp(join(tmpdir(), "shipmate-demo-"));
const shipmate = await startShipmate(
  readConfig({ SHIPMATE_HOME: home, PORT: "0", LOG_LEVEL: "silent" }),
  { stopServices: true },
);
let stopping: Promise<void> | undefined;
process.once("SIGINT", () => void stop().then(() => process.exit(130)));
process.once("SIGTERM", () => void stop().then(() => process.exit(143)));
try {
  await mainJob();
  show.say("\nThat was the main job. Run `npm start` and do it yourself in the browser.");
} catch (error) {
  if (!(error instanceof Unanswered)) throw error;
  process.stderr.write(`\nThe demo stopped: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await stop();
}

async function mainJob(): Promise<void> {
  const settings = { url: shipmate.url, channel: "general", patience: 30_000 };
  const [ada, grace] = [person("ada", settings, show), person("grace", settings, show)];

  show.say("A whole Shipmate, started for this and stopped after it. Nothing leaves this machine.");
  const first = await ada.asks("deploy web 1.4.1 to production", "Deploy web 1.4.1 to production");
  await ada.isToldNo(first, "Approve", /somebody else/);
  await grace.presses(await grace.sees(first, "Waiting"), "Approve");
  const old = await runs(await ada.sees(first, "Succeeded"), "1.4.1");

  const second = await ada.asks("deploy web 1.4.2 to production", "Deploy web 1.4.2 to production");
  await grace.presses(await grace.sees(second, "Waiting"), "Approve");
  const done = await ada.sees(second, "Succeeded");
  const good = await runs(done, "1.4.2");
  expect(good.pid !== old.pid, "1.4.2 has to be another process than 1.4.1");

  const third = await ada.asks("deploy web 1.5.0 to production", "Deploy web 1.5.0 to production");
  await grace.presses(await grace.sees(third, "Waiting"), "Approve");
  const back = await ada.sees(third, "Taken back");
  expect(/SHOP_CURRENCY/.test(back.card?.code?.text ?? ""), "the card has to show the log's end");
  expect((await runs(done, "1.4.2")).version === "1.4.2", "1.4.2 has to go on running");

  await ada.presses(done, "Roll back");
  const undone = await ada.sees(await ada.findsRun(/^Roll back web/i), "Succeeded");
  await runs(undone, "1.4.1");
}

/** Asks the address of the card itself, and prints what it says. */
async function runs(message: Message, version: string) {
  const url = message.card?.links?.[0]?.url;
  if (url === undefined) throw new Unanswered(`"${message.text}" has no address.`);
  const answer = await fetch(new URL("/version", url), { signal: AbortSignal.timeout(5_000) });
  const told = z.object({ version: z.string(), pid: z.int() }).parse(await answer.json());
  show.say(`\n${url} answers: version ${told.version}, process ${told.pid}.`);
  expect(told.version === version, `${url} has to answer with ${version}`);
  if (entered !== undefined) await entered.next();
  return told;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Unanswered(`${what}.`);
}

/** Stops Shipmate and everything that it started, and forgets the folder. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    pauses?.close();
    await shipmate.close();
    await rm(home, { recursive: true, force: true });
  })();
  return stopping;
}
