import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Local } from "../../../src/providers/local/local.ts";
import { eventually, open, release, settled } from "../drive.ts";
import { at, limits, type Place, place } from "./world.ts";

describe("services of the local world", () => {
  let here: Place;
  let lives: Local[];
  const life = async (): Promise<Local> => {
    const local = await here.open();
    lives.push(local);
    return local;
  };
  const ready = (local: Local) =>
    eventually(
      () => local.clusters.running(at, open),
      ({ ready }) => ready === 1,
    );
  const ship = async ({ clusters }: Local, version: string) => {
    await release(clusters, { ...at, version }, version);
    return settled(clusters, at);
  };
  beforeEach(() => {
    here = place();
    lives = [];
  });
  afterEach(async () => {
    await Promise.all(lives.map((local) => local.close({ stop: true })));
    const left = here.running();
    here.remove();
    expect(left).toEqual([]);
  });

  test("survive a restart of Shipmate as the same process behind the same url", async () => {
    const first = await life();
    const { url } = await ship(first, "1.4.1");
    const before = await who(url);
    await first.close();
    expect(here.running()).toEqual([before.pid]);
    const second = await life();
    expect(await ready(second)).toMatchObject({ url, restarts: 0, version: "1.4.1" });
    expect(await who(url)).toEqual(before);
    expect(here.starts("1.4.1")).toBe(1);
  });

  test("that take long to listen are given the time, and then as long as any other to become healthy", async () => {
    const local = await life();
    expect(await ship(local, "1.6.2")).toMatchObject({ state: "good" });
  });

  test("that never listen are bad after a time of their own", async () => {
    const local = await here.open({ limits: { ...limits, listen: 1_000, healthy: 600_000 } });
    lives.push(local);
    expect(await ship(local, "1.6.1")).toMatchObject({
      state: "bad",
      says: "1.6.1 did not become healthy in 1 s: nothing listened on its port.",
    });
  });

  test("that died while Shipmate was away are started again behind the same url", async () => {
    const first = await life();
    const { url } = await ship(first, "1.4.1");
    const before = await who(url);
    await first.close();
    process.kill(before.pid, "SIGKILL");
    await eventually(
      () => here.running(),
      (pids) => pids.length === 0,
    );
    const second = await life();
    const running = await ready(second);
    expect(running).toMatchObject({ url, restarts: 1 });
    expect(running.why).toContain("ended while nobody watched");
    const after = await who(url);
    expect(after.pid).not.toBe(before.pid);
    expect(here.running()).toEqual([after.pid]);
  });

  test("that die are started again, and running says why and how often", async () => {
    // The clock stands still while a second's pause is looked at.
    let stands: number | undefined;
    const local = await here.open({ now: () => stands ?? Date.now() });
    lives.push(local);
    const { url } = await ship(local, "1.4.1");
    process.kill((await who(url)).pid, "SIGKILL");
    await eventually(
      () => local.clusters.running(at, open),
      ({ restarts, ready }) => restarts === 1 && ready === 1,
    );
    const { why } = await local.clusters.running(at, open);
    expect(why).toBe("1.4.1 was ended by SIGKILL. It was started again and is healthy.");
    stands = Date.now();
    process.kill((await who(url)).pid, "SIGKILL");
    const { why: soon } = await eventually(
      () => local.clusters.running(at, open),
      ({ ready, since }) => ready === 0 && since === null,
    );
    expect(soon).toMatch(/SIGKILL\. It is started again in 1 s\.$/);
    expect((await fetch(String(url))).status).toBe(503);
    stands = undefined;
    expect(await ready(local)).toMatchObject({ restarts: 2 });
  });

  test("are told apart from somebody else's process that has their recorded pid by now", async () => {
    const first = await life();
    const { url } = await ship(first, "1.4.1");
    const { pid } = await who(url);
    await first.close();
    process.kill(pid, "SIGKILL");
    const stranger = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"]);
    const path = join(here.folder, "staging", "web", "state.json");
    const state = readFileSync(path, "utf8");
    writeFileSync(path, state.replace(`"pid":${pid}`, `"pid":${stranger.pid}`));
    const second = await life();
    expect(await ready(second)).toMatchObject({ restarts: 1 });
    await second.close({ stop: true });
    expect(stranger.kill(0)).toBe(true);
    expect(stranger.signalCode).toBeNull();
    stranger.kill();
  });

  test("do not lose one request while versions are switched", async () => {
    const local = await life();
    const { url } = await ship(local, "1.4.1");
    const asked = { count: 0, done: false, versions: new Set<string>() };
    const hammer = async () => {
      while (!asked.done && asked.count < 4_000) {
        asked.count++;
        asked.versions.add((await who(url)).version);
      }
    };
    const all = Promise.all([hammer(), hammer(), hammer(), hammer()]);
    for (const version of ["1.4.2", "1.5.0"]) await ship(local, version);
    for (const [key, version] of [
      ["again", "1.4.2"],
      ["back", "1.4.1"],
    ] as const) {
      await release(local.clusters, { ...at, version }, key);
      await settled(local.clusters, at);
    }
    await eventually(
      () => here.running(),
      (pids) => pids.length === 1,
    );
    asked.done = true;
    await all;
    expect([...asked.versions]).toEqual(["1.4.1", "1.4.2"]);
    expect(asked.count).toBeGreaterThan(50);
  });

  test("get nothing of Shipmate's environment", async () => {
    process.env["SHIPMATE_TEST_SECRET"] = "not for samples";
    const local = await life();
    const { url } = await ship(local, "1.7.0");
    delete process.env["SHIPMATE_TEST_SECRET"];
    const env: unknown = await (await fetch(`${url}/env`)).json();
    expect(Object.keys(z.record(z.string(), z.string()).parse(env)).sort()).toEqual([
      "HOST",
      "INSTANCE",
      "PORT",
    ]);
  });

  test("may write long lines and control characters without harm", async () => {
    const local = await life();
    await ship(local, "1.7.0");
    const found = [];
    for await (const line of local.clusters.logs({ ...at, follow: false }, open)) found.push(line);
    const texts = found.map(({ text }) => text);
    expect(texts).toContain("x".repeat(50_000));
    expect(texts).toContain("red bell right to left");
    expect(texts).toContain("a line without a time");
    expect(found.every((line) => line.at > 1_700_000_000_000)).toBe(true);
    expect(new Set(found.map(({ from }) => from))).toEqual(new Set(["web-1.7.0-1"]));
  });

  test("whose state is broken do not keep Shipmate from starting", async () => {
    const first = await life();
    await ship(first, "1.4.1");
    await first.close({ stop: true });
    writeFileSync(join(here.folder, "staging", "web", "state.json"), "{");
    const said: string[] = [];
    const second = await here.open({ log: (says) => said.push(says) });
    lives.push(second);
    expect(said.join()).toContain("could not be understood");
    expect(await second.clusters.running(at, open)).toMatchObject({ version: null });
  });
});

const Who = z.object({ version: z.string(), pid: z.int(), instance: z.string() });

async function who(url: string | null): Promise<z.output<typeof Who>> {
  const response = await fetch(`${url}/version`);
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return Who.parse(await response.json());
}
