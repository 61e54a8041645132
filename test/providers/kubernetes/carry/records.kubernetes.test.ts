/** The records of releases, in a real cluster. */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Moved, Refusal } from "../../../../src/core/refusal.ts";
import type { KubeObject } from "../../../../src/expand/object.ts";
import { records } from "../../../../src/providers/kubernetes/carry/records.ts";
import type { Cluster, Release } from "../../../../src/providers/kubernetes/types.ts";
import { open } from "../../drive.ts";
import { stage, web } from "../deck.ts";

const first: Release = {
  ...{ number: 1, version: "1.4.1", key: "a", at: 1_000, by: "ada", state: "applying" },
  inventory: [],
  ...{ pins: { "ghcr.io/acme/web:1.4.1": "sha256:1" }, url: "https://web.example.com" },
};
const numbered = (number: number): Release => ({ ...first, number, key: `key ${number}` });

test.concurrent("a record comes back as it was made, with the objects that were applied", async (context) => {
  const { spot, deck, namespace } = await stage(context);
  const content = web(namespace, "1.4.1");
  const inventory = [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace }];
  await deck.records.create(spot, { ...first, inventory }, content, open);
  await deck.records.create(spot, numbered(2), [], open);
  expect(await deck.records.list(spot, open)).toMatchObject([
    { ...numbered(2), uid: expect.any(String) },
    { ...first, inventory },
  ]);
  expect(await deck.records.content(spot, 1, open)).toEqual(content);
  expect(await deck.records.content(spot, 3, open)).toBeUndefined();
  await deck.records.mark(spot, 1, "bad", "It crashed.", open);
  expect((await deck.records.list(spot, open))[1]).toMatchObject({
    state: "bad",
    why: "It crashed.",
  });
});

test.concurrent("one that somebody altered reaches neither another namespace nor another record, and can't fill the memory", async (context) => {
  const { spot, deck, kube, namespace } = await stage(context);
  const ref = { apiVersion: "v1", kind: "ConfigMap", name: "web" };
  const inventory = [{ ...ref, namespace: "production" }, ref, { ...ref, namespace }];
  await deck.records.create(spot, { ...first, inventory }, [], open);
  expect(await deck.records.list(spot, open)).toMatchObject([{ inventory: [{ namespace }] }]);
  const name = "shipmate.web.1";
  await kube.kubectl(
    ...["annotate", "secret", name, "-n", namespace, "--overwrite", "shipmate.dev/release=7"],
  );
  await expect(deck.records.list(spot, open)).rejects.toThrow(`reading the record ${name}`);
  await kube.kubectl("delete", "secret", name, "-n", namespace);
  const facts = Buffer.from(JSON.stringify(first)).toString("base64");
  const content = gzipSync(Buffer.alloc(200_000_000, " ")).toString("base64");
  const labels =
    "{ app.kubernetes.io/managed-by: shipmate, shipmate.dev/service: web, shipmate.dev/environment: staging, shipmate.dev/state: good }";
  await kube.apply(
    `apiVersion: v1\nkind: Secret\ntype: shipmate.dev/release\nmetadata: { name: ${name}, namespace: ${namespace}, labels: ${labels}, annotations: { shipmate.dev/release: "1" } }\ndata: { facts: ${facts}, content: ${content} }\n`,
    "--server-side",
  );
  await expect(deck.records.content(spot, 1, open)).rejects.toThrow(/larger than/);
});

test.concurrent("two that make the same number: one wins, the other learns that it moved, and each may ask again", async (context) => {
  const { spot, deck, another } = await stage(context);
  const rival = another();
  const tries = await Promise.allSettled([
    deck.records.create(spot, first, [], open),
    rival.records.create(spot, { ...first, key: "b", version: "2.0.0" }, [], open),
  ]);
  const lost = tries.filter(({ status }) => status === "rejected");
  expect(lost).toHaveLength(1);
  expect(lost[0]).toMatchObject({ reason: { name: "Moved" } });
  const [kept] = await deck.records.list(spot, open);
  if (!kept) throw new Error("nothing was kept");
  await deck.records.create(spot, kept, [], open);
  const again = deck.records.create(spot, { ...kept, key: "c" }, [], open);
  await expect(again).rejects.toThrow(`was released as ${kept.version} since`);
  await expect(again).rejects.toThrow(Moved);
});

test.concurrent("the newest comes from memory until an object bears a higher number", async (context) => {
  const { spot, deck, another } = await stage(context);
  let lists = 0;
  const counted = another((cluster: Cluster) => ({
    ...cluster,
    list: (...args) => {
      lists++;
      return cluster.list(...args);
    },
  }));
  let time = 0;
  const mine = records(() => time);
  const place = counted.spotOf(spot);
  const newest = async (hint?: number) => (await mine.newest(place, open, hint))?.number;
  await deck.records.create(spot, first, [], open);
  expect(await newest()).toBe(1);
  for (const _ of [1, 2, 3]) expect(await newest(1)).toBe(1);
  expect(await newest()).toBe(1);
  expect(lists).toBe(1);
  await deck.records.create(spot, numbered(2), [], open);
  expect(await newest(1)).toBe(1);
  expect(await newest(2)).toBe(2);
  expect(lists).toBe(2);
  await mine.create(place, numbered(3), [], open);
  expect(await newest(3)).toBe(3);
  await mine.mark(place, 3, "good", undefined, open);
  expect(await mine.newest(place, open, 3)).toMatchObject({ state: "good" });
  expect(lists).toBe(2);
  time += 11_000;
  expect(await newest()).toBe(3);
  expect(await newest(9)).toBe(3);
  expect(await newest(9)).toBe(3);
  expect(lists).toBe(4);
});

test.concurrent("services and environments have their own, and tell nothing of each other", async (context) => {
  const { spot, deck } = await stage(context);
  await deck.records.create(spot, first, [], open);
  expect(await deck.records.list({ ...spot, service: "we" }, open)).toEqual([]);
  expect(await deck.records.list({ ...spot, environment: "production" }, open)).toEqual([]);
});

test.concurrent("twenty are kept, and the newest good one whatever its age", async (context) => {
  const { spot, deck } = await stage(context);
  for (let n = 1; n <= 24; n++)
    await deck.records.create(spot, { ...numbered(n), state: n === 2 ? "good" : "bad" }, [], open);
  await deck.records.tidy(spot, open);
  const numbers = (await deck.records.list(spot, open)).map(({ number }) => number);
  expect(numbers).toEqual([...Array.from({ length: 20 }, (_, i) => 24 - i), 2]);
});

test.concurrent("what was buried leaves one that says so, and no late mark wakes it", async (context) => {
  const { spot, deck } = await stage(context);
  for (const n of [1, 2, 3]) await deck.records.create(spot, numbered(n), [], open);
  await deck.records.bury(spot, open);
  await deck.records.mark(spot, 3, "good", undefined, open);
  await deck.records.mark(spot, 1, "good", undefined, open);
  const all = await deck.records.list(spot, open);
  expect(all.map(({ number, state }) => [number, state])).toEqual([[3, "removed"]]);
  expect(await deck.records.newest(spot, open, 3)).toMatchObject({ state: "removed" });
});

test.concurrent("what is too large for a cluster is refused in a sentence; just below it is kept", async (context) => {
  const { spot, deck, namespace } = await stage(context);
  const large = (bytes: number): KubeObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "big", namespace } },
    data: { noise: randomBytes(bytes).toString("base64") },
  });
  const create = (bytes: number) => deck.records.create(spot, first, [large(bytes)], open);
  await expect(create(1_100_000)).rejects.toThrow(/too large to be kept.*a cluster keeps 1 MB/);
  await expect(create(1_100_000)).rejects.toThrow(Refusal);
  await create(960_000);
  expect(await deck.records.list(spot, open)).toHaveLength(1);
});

test.concurrent("a record that somebody spoiled is a fault that names it", async (context) => {
  const { kube, spot, deck, namespace } = await stage(context);
  await deck.records.create(spot, first, [], open);
  await kube.kubectl(
    "label",
    "secret",
    "shipmate.web.1",
    "-n",
    namespace,
    "--overwrite",
    "shipmate.dev/state=odd",
  );
  await expect(deck.records.list(spot, open)).rejects.toThrow("reading the record shipmate.web.1");
});
