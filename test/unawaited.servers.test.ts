/** A promise that nobody waits for and that fails, as an author's may: it is written down, and Shipmate goes on. */
import { expect, test } from "vitest";
import { home, start, until } from "./shipmate.ts";

const failing = 'process.on("SIGUSR2", () => void Promise.reject(new Error("left behind")))';

test("a failure that nobody waits for is logged and ends nothing", async ({ onTestFinished }) => {
  const { folder, clear } = await home();
  onTestFinished(clear);
  const shipmate = await start({
    SHIPMATE_HOME: folder,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(failing)}`,
  });
  shipmate.kill("SIGUSR2");
  const said = () => shipmate.stdout() + shipmate.stderr();
  await until("a line that tells of it", () =>
    ["left behind", "nobody waited for"].every((words) => said().includes(words)),
  );
  const health = await fetch(new URL("/healthz", shipmate.url));
  expect(health.status).toBe(200);
  shipmate.kill("SIGTERM");
  expect((await shipmate.ended).code).toBe(0);
});
