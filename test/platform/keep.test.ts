/** Following platform.yaml while it is edited. */
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Kept, keepPlatform } from "../../src/platform/keep.ts";

const text = (owner: string) => `people: { ada: { name: Ada } }
teams: { payments: { members: [ada] }, storefront: { members: [ada] } }
services: { web: { owner: ${owner} } }
environments: { staging: { cluster: local } }
clusters: { local: { provider: local } }
`;

let folder: string;
let file: string;
let kept: Kept | undefined;
const problems: string[] = [];
const keep = async () => {
  kept = await keepPlatform(file, { onBroken: (problem) => problems.push(problem), poll: 100 });
  return kept;
};
/** Replaces the file at once, so that nobody reads half of it. */
const save = async (owner: string) => {
  await writeFile(`${file}~`, text(owner));
  await rename(`${file}~`, file);
};
const owner = () => kept?.current().services["web"]?.owner;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platform-"));
  file = join(folder, "platform.yaml");
  problems.length = 0;
  await writeFile(file, text("payments"));
});
afterEach(async () => {
  kept?.close();
  kept = undefined;
  await rm(folder, { recursive: true });
});

test("a saved change is taken", async () => {
  await keep();
  await writeFile(file, text("storefront"));
  await expect.poll(owner).toBe("storefront");
});

test("a change saved by renaming is taken, twice in a row", async () => {
  await keep();
  for (const next of ["storefront", "payments"]) {
    await save(next);
    await expect.poll(owner).toBe(next);
  }
});

test("a broken file is told once and the last good set stays until it is mended", async () => {
  const { problem } = await keep();
  await save("payment");
  await expect.poll(problem).toContain("did you mean payments?");
  expect(owner()).toBe("payments");
  await save("storefront");
  await expect.poll(problem).toBeUndefined();
  expect(owner()).toBe("storefront");
  expect(problems).toHaveLength(1);
});

test("a file that goes away changes nothing but is told", async () => {
  const { problem } = await keep();
  await rm(file);
  await expect.poll(problem).toBeDefined();
  expect(owner()).toBe("payments");
});

test("a broken file at the start is refused", async () => {
  await writeFile(file, "people: [");
  await expect(keep()).rejects.toThrow("line 1");
});
