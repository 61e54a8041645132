/** Restarts and events of the local world, with real processes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Refusal } from "../../../src/core/refusal.ts";
import type { Local } from "../../../src/providers/local/local.ts";
import { bound, changes, eventually, open, release, see, settled, texts } from "../drive.ts";
import { at, type Place, place } from "./world.ts";

let here: Place;
let local: Local;
beforeEach(async () => {
  here = place();
  local = await here.open();
});
afterEach(async () => {
  await local.close({ stop: true });
  const left = here.running();
  here.remove();
  expect(left).toEqual([]);
});

const ship = async (version: string) => {
  await release(local.clusters, { ...at, version }, version);
  return settled(local.clusters, at);
};
const restart = async (key: string) => {
  const plan = await changes(local.clusters.restart.preview(at, see()));
  await local.clusters.restart.run(at, bound(plan, key));
};
const pid = async (url: string | null) => {
  const answer = await fetch(new URL("/version", url ?? ""));
  return z.object({ version: z.string(), pid: z.int() }).parse(await answer.json());
};

describe("a restart", () => {
  test("puts another process of the same version behind the same url, and no request is lost", async () => {
    const { url } = await ship("1.4.2");
    const before = await pid(url);
    await restart("r1");
    expect(await local.clusters.rollout(at, open)).toMatchObject({ state: "going" });
    const asked = eventually(
      () => pid(url),
      (now) => now.pid !== before.pid,
    );
    expect(await settled(local.clusters, at)).toMatchObject({ state: "good", version: "1.4.2" });
    expect(await asked).toMatchObject({ version: "1.4.2" });
    expect(here.starts("1.4.2")).toBe(2);
    expect(await local.clusters.history(at, open)).toMatchObject([
      { version: "1.4.2", good: true },
    ]);
    await eventually(
      () => here.running(),
      (pids) => !pids.includes(before.pid),
    );
  });

  test("happens once under one key, and is found by it", async () => {
    await ship("1.4.2");
    const plan = await changes(local.clusters.restart.preview(at, see()));
    expect(await local.clusters.restart.find?.(at, "r1")).toBe("not done");
    await local.clusters.restart.run(at, bound(plan, "r1"));
    await settled(local.clusters, at);
    await local.clusters.restart.run(at, bound(plan, "r1"));
    expect(await local.clusters.restart.find?.(at, "r1")).toEqual({ did: {} });
    await settled(local.clusters, at);
    expect(here.starts("1.4.2")).toBe(2);
  });

  test("goes on after Shipmate itself was started anew in the middle of it", async () => {
    await ship("1.4.2");
    await restart("r1");
    await local.close();
    local = await here.open();
    expect(await settled(local.clusters, at)).toMatchObject({ state: "good" });
    expect(here.starts("1.4.2")).toBe(2);
  });

  test("is planned again where another release came, and refused where nothing healthy is there", async () => {
    await expect(local.clusters.restart.preview(at, see())).rejects.toThrow(
      new Refusal("Nothing healthy of web in staging is there to restart: deploy it first."),
    );
    await ship("1.4.1");
    const plan = await changes(local.clusters.restart.preview(at, see()));
    await ship("1.4.2");
    await expect(local.clusters.restart.run(at, bound(plan, "r1"))).rejects.toMatchObject({
      name: "Moved",
    });
  });
});

test("the log of the processes before is all that the ones of now did not write, and ends", async () => {
  await ship("1.4.1");
  await ship("1.4.2");
  await eventually(
    () => here.running(),
    (pids) => pids.length === 1,
  );
  const wanted = { ...at, previous: true, follow: true };
  const before = await texts(local.clusters.logs(wanted, open));
  expect(before.join("\n")).toMatch(/1\.4\.1.* listens on/);
  expect(before.join("\n")).not.toContain("1.4.2");
});

test("history says who asked for a release, and why one was not good", async () => {
  const input = { ...at, version: "1.5.0" };
  const plan = await changes(local.clusters.release.preview(input, see()));
  await local.clusters.release.run(input, { ...bound(plan, "k1"), by: "ada" });
  await settled(local.clusters, at);
  expect(await local.clusters.history(at, open)).toMatchObject([
    { version: "1.5.0", good: false, by: "ada", why: expect.stringContaining("did not start") },
  ]);
});

test("events are the releases with their ends, and what a process died of, oldest first", async () => {
  const { url } = await ship("1.4.2");
  await ship("1.5.0");
  const { pid: dead } = await pid(url);
  process.kill(dead, "SIGKILL");
  const events = await eventually(
    () => local.clusters.events(at, open),
    (all) => all.length === 3,
  );
  expect(events.map(({ bad, says }) => [bad, says])).toEqual([
    [false, "1.4.2 was released."],
    [true, expect.stringMatching(/^1\.5\.0 did not start: it exited with code 1/)],
    [true, "1.4.2 was ended by SIGKILL. It was started again."],
  ]);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await local.clusters.events({ ...at, since: "1s" }, open)).toEqual([]);
});
