/** Names that are read: images, and which version is newer; and the one that a migration gets. */
import { expect, test } from "vitest";
import { forVersion } from "../../../../src/providers/kubernetes/sources/migration.ts";
import { newestFirst } from "../../../../src/providers/kubernetes/sources/newest.ts";
import { reference, sameImage } from "../../../../src/providers/kubernetes/sources/reference.ts";

test("an image's name is taken apart as Docker does", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const cases = {
    web: { name: "web", host: "docker.io", path: "library/web" },
    "acme/web:1": { name: "acme/web", tag: "1", host: "docker.io", path: "acme/web" },
    "ghcr.io/acme/web:1.4.2": {
      name: "ghcr.io/acme/web",
      tag: "1.4.2",
      host: "ghcr.io",
      path: "acme/web",
    },
    [`localhost/web@${digest}`]: { name: "localhost/web", digest, host: "localhost", path: "web" },
    "127.0.0.1:5000/a/b": { name: "127.0.0.1:5000/a/b", host: "127.0.0.1:5000", path: "a/b" },
    [`docker.io/web:1@${digest}`]: {
      name: "docker.io/web",
      tag: "1",
      digest,
      host: "docker.io",
      path: "library/web",
    },
  };
  for (const [image, parts] of Object.entries(cases)) expect(reference(image)).toEqual(parts);
  const none = [
    "",
    "Web",
    "a b",
    "a:",
    "a@sha256:1",
    "a/../b",
    "a//b",
    "a:1\n",
    "x".repeat(600),
    "a@b@c",
  ];
  for (const image of none) expect(reference(image), image).toBeUndefined();
  expect(sameImage("web:1", `index.docker.io/library/web@${digest}`)).toBe(true);
  expect(sameImage("ghcr.io/acme/web", "acme/web")).toBe(false);
});

test("the newest version comes first, what leads up to it after it, and names last", () => {
  const order = [
    ...["2.0", "v1.10.0", "1.9", "1.9.0", "1.9.0-rc.10", "1.9.0-rc.2", "1.9.0-beta"],
    ...["1.2.3.4", "1.2.3", "edge", "main", "latest"],
  ];
  expect([...order].sort().sort(newestFirst)).toEqual(order);
});

test("a migration has a name of its own for each version, short enough for a label", () => {
  const named = (name: string, version: string) =>
    forVersion({ apiVersion: "batch/v1", kind: "Job", metadata: { name } }, version).metadata.name;
  expect(named("migrate", "1.4.2")).toBe("migrate-1-4-2");
  const all = ["1.4.2", "1-4-2", "1.4.2-RC", "1.4.2-rc", "x".repeat(128), `${"x".repeat(127)}y`];
  const names = all.flatMap((version) => [
    named("migrate", version),
    named("m".repeat(63), version),
  ]);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/);
});
