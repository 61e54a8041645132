import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const Told = z.object({ version: z.string(), pid: z.int() });
const answers = /^(http:\/\/127\.0\.0\.1:\d+\/?) answers: version (\S+), process (\d+)\.$/;

test("the demo does the main job, and each address that it prints answers as it says", async ({
  onTestFinished,
}) => {
  const temporary = await mkdtemp(join(tmpdir(), "demo-test-"));
  // What a developer has set must not matter.
  const child = spawn(process.execPath, ["src/run.mjs", "src/demo.ts", "--pause"], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      TMPDIR: temporary,
      PORT: "1",
      DATABASE_URL: "postgres://nowhere/",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await rm(temporary, { recursive: true, force: true });
  });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const ended = once(child, "close");

  const lines: string[] = [];
  const ran: { url: string; version: string; pid: number }[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    const [, url, version = "", pid = ""] = answers.exec(line) ?? [];
    if (url === undefined) continue;
    const page = await fetch(url);
    expect(await page.text()).toContain(`<code>${version}</code>`);
    const told = Told.parse(await (await fetch(new URL("/version", url))).json());
    expect(told).toEqual({ version, pid: Number(pid) });
    expect(alive(told.pid)).toBe(true);
    ran.push({ url, ...told });
    child.stdin.write("\n");
  }
  const [code] = await ended;
  const transcript = lines.join("\n");
  expect(code, `${transcript}\n${errors}`).toBe(0);
  expect(errors).toBe("");

  expect(ran.map(({ version }) => version)).toEqual(["1.4.1", "1.4.2", "1.4.2", "1.4.1"]);
  expect(ran[1]?.pid).not.toBe(ran[0]?.pid);
  expect(ran[2]?.pid, "the one that works was not touched").toBe(ran[1]?.pid);
  expect(ran[3]?.pid).not.toBe(ran[1]?.pid);

  expect(transcript).toMatch(
    /to ada alone: You asked for this, so somebody else has to approve it/,
  );
  expect(transcript).toMatch(/✗ Taken back {2}1\.5\.0 .*\n?.*1\.4\.2 runs/);
  expect(transcript).toContain("SHOP_CURRENCY is not set");
  expect(transcript).toContain("presses [Roll back]");

  // Node keeps its own cache of compiled files there.
  const left = (await readdir(temporary)).filter((name) => name !== "node-compile-cache");
  expect(left, "nothing is left in the folder").toEqual([]);
  await expect
    .poll(() => ran.filter(({ pid }) => alive(pid)), { message: "nothing is left running" })
    .toEqual([]);
});

/** Whether the process is there and one of ours: a number may be used again by others. */
function alive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("samples");
  } catch {
    return false; // it has ended
  }
}
