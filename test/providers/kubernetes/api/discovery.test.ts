/** What an API server serves is asked for seldom, and again when something is missing. */
import { expect, test } from "vitest";
import { discovery, root, segment } from "../../../../src/providers/kubernetes/api/discovery.ts";
import { NoSuchPath } from "../../../../src/providers/kubernetes/api/faults.ts";

const never = new AbortController().signal;
const deployment = { apiVersion: "apps/v1", kind: "Deployment" };

function world() {
  const asked: string[] = [];
  const resources = [
    { name: "deployments", kind: "Deployment", namespaced: true },
    { name: "deployments/scale", kind: "Scale", namespaced: true },
  ];
  const at = { now: 0, fails: undefined as Error | undefined };
  const found = discovery(
    async (path) => {
      asked.push(path);
      if (at.fails) throw at.fails;
      return { resources };
    },
    (_signal, promise) => promise,
    () => at.now,
  );
  return { asked, resources, at, find: (kind: typeof deployment) => found.find(kind, never) };
}

test("many questions at once and within a minute are one request", async () => {
  const { asked, at, find } = world();
  const many = await Promise.all(Array.from({ length: 10 }, () => find(deployment)));
  expect(many[9]).toEqual({ plural: "deployments", namespaced: true });
  at.now = 59_000;
  await find(deployment);
  expect(asked).toEqual(["/apis/apps/v1"]);
  at.now = 61_000;
  await find(deployment);
  expect(asked).toHaveLength(2);
});

test("an answer that is older is good until the next one is there, and nobody waits for that", async () => {
  const { asked, at, resources, find } = world();
  await find(deployment);
  at.now = 3_600_000;
  resources.splice(0, 1);
  const many = await Promise.all([find(deployment), find(deployment)]);
  expect(many).toEqual(Array(2).fill({ plural: "deployments", namespaced: true }));
  expect(asked).toHaveLength(2);
  expect(await find(deployment), "it went meanwhile").toBeUndefined();
});

test("a kind that is missing is looked for again, at most once a second", async () => {
  const { asked, at, resources, find } = world();
  const thing = { apiVersion: "apps/v1", kind: "Thing" };
  expect(await find(thing)).toBeUndefined();
  expect(await find(thing)).toBeUndefined();
  expect(asked).toHaveLength(1);
  at.now = 1_001;
  resources.push({ name: "things", kind: "Thing", namespaced: false });
  expect(await find(thing)).toEqual({ plural: "things", namespaced: false });
  expect(await find({ apiVersion: "apps/v1", kind: "Scale" })).toBeUndefined();
});

test("a group that is not served is no fault, but no answer is, and is not remembered", async () => {
  const { at, find } = world();
  at.fails = new NoSuchPath();
  expect(await find(deployment)).toBeUndefined();
  at.now = 2_000;
  at.fails = new Error("no answer");
  await expect(find(deployment)).rejects.toThrow("no answer");
  at.fails = undefined;
  expect(await find(deployment)).toBeDefined();
});

test("a path holds one name at each place", () => {
  expect([root("v1"), root("apps/v1")]).toEqual(["/api/v1", "/apis/apps/v1"]);
  expect(segment("system:web ü")).toBe("system%3Aweb%20%C3%BC");
  for (const name of ["", ".", "..", "a/b", "%2e", "a\\b"])
    expect(() => segment(name)).toThrow("can't be a name");
});
