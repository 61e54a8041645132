import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import { plain } from "../../../../src/observe/text.ts";
import { content } from "../../../../src/providers/kubernetes/look/content.ts";
import { events } from "../../../../src/providers/kubernetes/look/events.ts";
import { logs } from "../../../../src/providers/kubernetes/look/logs.ts";
import type { Line } from "../../../../src/providers/kubernetes/look/merge.ts";
import type { Reading } from "../../../../src/providers/kubernetes/look/reading.ts";
import { rollout } from "../../../../src/providers/kubernetes/look/rollout.ts";
import { ownCluster } from "../../../kube.ts";
import { eventually, open } from "../../drive.ts";
import { at, type Deployed, type Looks, looks } from "./looks.ts";

async function running(
  context: TestContext,
  version: string,
  more?: Partial<Deployed>,
): Promise<Looks> {
  const world = await looks(context);
  await world.release(version, more);
  await eventually(
    () => rollout(world.reading)(at, open),
    ({ state }) => state !== "going",
  );
  return world;
}

async function all({ reading }: Looks, more: object = {}, signal = open): Promise<Line[]> {
  const found: Line[] = [];
  for await (const line of logs(reading)({ ...at, follow: false, ...more }, signal))
    found.push(line);
  return found;
}

function following(world: Looks, more: object = {}) {
  const stop = new AbortController();
  const seen: Line[] = [];
  const reading = (async () => {
    for await (const line of logs(world.reading)({ ...at, follow: true, ...more }, stop.signal))
      seen.push(line);
  })();
  return {
    seen,
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}

const sorted = (lines: readonly Line[]) => lines.toSorted((a, b) => a.at - b.at);

describe.concurrent("logs on a cluster", () => {
  test("are those of all pods by time: all, the last, with a word, of late", async (context) => {
    const world = await running(context, "1.4.1", { replicas: 3 });
    const lines = await eventually(
      () => all(world),
      (found) => new Set(found.map(({ from }) => from)).size === 3 && found.length > 9,
    );
    expect(lines[0]?.from).toMatch(/^web-[a-z0-9]{5}$/);
    expect(lines).toEqual(sorted(lines));
    // They go on, and are read one after the other: each pod's begins as it did before.
    const since = await all(world, { since: "1h" });
    const word = await all(world, { search: "STARTING web" });
    for (const pod of new Set(lines.map(({ from }) => from))) {
      const of = (found: readonly Line[]) => found.filter(({ from }) => from === pod);
      expect(of(since).slice(0, of(lines).length)).toEqual(of(lines));
      expect(of(word)).toEqual(of(lines).filter(({ text }) => text.includes("starting web")));
    }
    const tail = await all(world, { tail: 2 });
    expect(tail).toHaveLength(2);
    expect(tail).toEqual(sorted(tail));
    expect(tail[0]?.at, "none from before those that were the last").toBeGreaterThanOrEqual(
      lines.at(-2)?.at ?? 0,
    );
    const began = Date.now();
    const late = await all(world, { since: "0s" });
    expect(late.filter(({ at }) => at < began)).toEqual([]);
    expect(await all(world, { previous: true })).toEqual([]);
  });

  test("of a crashed container are there, also what its run before wrote", async (context) => {
    const world = await running(context, "1.5.0-crash");
    expect((await all(world)).map(({ text }) => text).join("\n")).toContain("cannot start");
    const before = await all(world, { previous: true });
    expect(before.map(({ text }) => text).join("\n")).toContain("cannot start");
  });

  test("name the container where a pod has several", async (context) => {
    const sidecar = { name: "proxy", image: "ghcr.io/acme/proxy:1.0.0" };
    const main = { name: "web", image: "ghcr.io/acme/web:1.4.1" };
    const world = await running(context, "1.4.1", { pod: { containers: [main, sidecar] } });
    const from = new Set(
      (await all(world)).map((line) => line.from.replace(/-[a-z0-9]{5}\//, "-…/")),
    );
    expect(from).toEqual(new Set(["web-…/web", "web-…/proxy"]));
  });

  test("are plain text, whatever was written", async (context) => {
    const world = await running(context, "1.4.1-rude");
    const lines = await eventually(
      () => all(world),
      (found) => found.some(({ text }) => text.length > 8_000),
    );
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.map(({ text }) => text)).toEqual(lines.map(({ text }) => plain(text)));
    expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThan(9_000);
  });

  test("that are followed go on with new pods, and begin before there are any", async (context) => {
    const world = await looks(context);
    const { seen, end } = following(world);
    await world.release("1.4.1");
    const starting = (version: string) => () =>
      seen.filter(({ text }) => text.includes(`starting web ${version}`));
    await eventually(starting("1.4.1"), (found) => found.length === 1);
    await world.release("1.4.2");
    await eventually(starting("1.4.2"), (found) => found.length === 1);
    await end();
    expect(new Set(seen.map(({ from, text }) => `${from} ${text}`)).size).toBe(seen.length);
  });

  test("that are followed lose and repeat nothing when the API server goes away", async (context) => {
    const kube = await ownCluster(context);
    const world = await looks(context, { kube });
    await world.release("1.4.1-chatty", { replicas: 2 });
    await eventually(
      () => rollout(world.reading)(at, open),
      ({ state }) => state === "good",
    );
    const { seen, end } = following(world, { tail: 5 });
    await eventually(
      () => seen.length,
      (count) => count > 500,
    );
    await kube.kill("apiserver");
    await pause(3_000);
    await kube.start("apiserver");
    const until = Date.now();
    await eventually(
      () => seen.at(-1)?.at ?? 0,
      (last) => last > until + 1_000,
    );
    await end();
    const first = seen[0]?.at ?? 0;
    const there = (await all(world)).filter((line) => line.at > first && line.at < until);
    const got = seen.filter((line) => line.at > first && line.at < until);
    const key = ({ at, from, text }: Line) => `${at} ${from} ${text}`;
    expect(got.map(key).sort()).toEqual(there.map(key).sort());
    expect(got.length).toBeGreaterThan(1_000);
  });
});

describe.concurrent("events on a cluster", () => {
  test("are those of the service alone, with repeats as one, in plain words", async (context) => {
    const world = await running(context, "1.5.0-missing", { replicas: 2 });
    await world.kube.apply(`apiVersion: apps/v1
kind: Deployment
metadata: {name: web-api, namespace: ${world.namespace}}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: app, image: "other:1"}]}
`);
    const said = await eventually(
      () => events(world.reading)(at, open),
      (found) => found.some(({ bad }) => bad),
    );
    expect(said.map(({ says }) => says)).toContain(
      "The image ghcr.io/acme/web:1.5.0-missing does not exist.",
    );
    expect(said.filter(({ of }) => of.includes("web-api"))).toEqual([]);
    expect(said).toEqual(said.toSorted((a, b) => a.at - b.at));
    const scheduled = said.filter(({ says }) => says.startsWith("Placed on"));
    expect(scheduled.length).toBeGreaterThan(0);
    const began = Date.now();
    const late = await events(world.reading)({ ...at, since: "0s" }, open);
    expect(
      late.filter(({ at }) => at < began - 1_000),
      "events count in whole seconds",
    ).toEqual([]);
  });
});

describe.concurrent("the content of a service", () => {
  test("is a line for each setting, and of secrets only whether they are the same", async (context) => {
    const world = await running(context, "1.4.1", {
      container: {
        env: [
          { name: "LOG_LEVEL", value: "debug" },
          { name: "API_TOKEN", value: "hunter2" },
          { name: "OTHER_TOKEN", value: "hunter2" },
          {
            name: "DATABASE_URL",
            valueFrom: { secretKeyRef: { name: "web-db", key: "uri", optional: true } },
          },
        ],
      },
    });
    const look = content(world.reading);
    const rows = await look(at, open);
    const value = (field: string) => rows.find((row) => row.field === field)?.value;
    expect(rows[0]).toEqual({ of: "web", field: "version", value: "1.4.1" });
    expect(value("web image")).toBe("ghcr.io/acme/web:1.4.1");
    expect(value("web env LOG_LEVEL")).toBe("debug");
    expect(value("web env DATABASE_URL")).toBe("from Secret web-db, key uri");
    expect(value("web env API_TOKEN")).toMatch(/^hidden \([0-9a-f]{6}\)$/);
    // Else whoever may set a value somewhere could try out what another one is.
    expect(value("web env OTHER_TOKEN")).not.toBe(value("web env API_TOKEN"));
    const without = (): Reading => ({
      ...world.reading,
      spotOf(place) {
        const spot = world.reading.spotOf(place);
        return { ...spot, as: () => ({ ...spot.own, mayI: async () => false }) };
      },
    });
    await expect(content(without())(at, open, "mallory")).rejects.toThrow("You may not read");
    expect(await look(at, open)).toEqual(rows);
    expect(JSON.stringify(await content(world.reading)(at, open))).not.toEqual(
      JSON.stringify(rows),
    );
  });
});
