/** What is learnt from a registry of images, and what it can't make us do. */
import { expect, test } from "vitest";
import { reference } from "../../../../src/providers/kubernetes/sources/reference.ts";
import { registries } from "../../../../src/providers/kubernetes/sources/registry.ts";
import type { Fetch } from "../../../../src/providers/kubernetes/sources/registry-client.ts";
import { registry, type TestRegistry } from "../../../registry.ts";
import { open, platformOf } from "./project.ts";

const ask = (images: TestRegistry, clock = { now: 0 }) => {
  const platform = platformOf({}, images.registries);
  return registries({ platform: () => platform, fetch: globalThis.fetch, now: () => clock.now });
};
const image = (images: TestRegistry, name = "acme/web:1.5.0") => {
  const named = reference(`${images.host}/${name}`);
  if (!named) throw new Error("the test's image has a wrong name");
  return named;
};

test("a digest is asked for once in 30 s, and anew after that", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  const clock = { now: 0 };
  const asked = ask(images, clock);
  const first = images.digest("acme/web", "1.5.0");
  expect(await asked.digest(image(images), open)).toEqual({ digest: first });
  images.push("acme/web", "1.5.0");
  clock.now = 29_999;
  expect(await asked.digest(image(images), open)).toEqual({ digest: first });
  expect(images.requests()).toEqual(["HEAD /v2/acme/web/manifests/1.5.0"]);
  clock.now = 30_000;
  const second = images.digest("acme/web", "1.5.0");
  expect(await asked.digest(image(images), open)).toEqual({ digest: second });
});

test("a token that anybody gets is fetched; where nobody gets one, that is said", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  images.breaks({ tokens: true });
  const digest = images.digest("acme/web", "1.5.0");
  expect(await ask(images).digest(image(images), open)).toEqual({ digest });
  expect(await ask(images).tags(image(images), open)).toEqual(["1.5.0"]);
  images.breaks({ tokens: true, closed: true });
  const why = `${images.host} shows acme/web only to those who sign in`;
  expect(await ask(images).digest(image(images), open)).toEqual({ why });
});

test("no token is fetched from another host that is not public", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  const other = await registry(context, {});
  for (const realm of [
    `http://${other.host}/token`,
    `https://${other.host}/token`,
    "https://localhost/token",
    "https://169.254.169.254/token",
    "https://[::1]/token",
    "http://example.com/token",
    "no address",
  ]) {
    images.breaks({ tokens: true, realm });
    const why = `${images.host} sends us elsewhere for a token`;
    expect(await ask(images).digest(image(images), open)).toEqual({ why });
  }
  expect(other.requests()).toEqual([]);
});

test("a redirect is followed to the same host alone, and not for ever", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  const other = await registry(context, { "acme/web": ["1.5.0"] });
  const location = `http://${other.host}/v2/acme/web/manifests/1.5.0`;
  images.breaks({ status: 307, location });
  const elsewhere = `${images.host} sends us elsewhere`;
  expect(await ask(images).digest(image(images), open)).toEqual({ why: elsewhere });
  expect(other.requests()).toEqual([]);
  images.breaks({ status: 307, location: "/v2/acme/web/manifests/1.5.0" });
  const circles = `${images.host} sends us in circles`;
  expect(await ask(images).digest(image(images), open)).toEqual({ why: circles });
});

test("what is down, slow or broken is silent, and asked again the next time", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  const asked = ask(images);
  images.breaks({ status: 500 });
  const failed = { why: `${images.host} answered with 500` };
  expect(await asked.digest(image(images), open)).toEqual(failed);
  images.breaks({ slow: 60_000 });
  const started = performance.now();
  const silent = { why: `${images.host} did not answer` };
  expect(await asked.digest(image(images), open)).toEqual(silent);
  expect(performance.now() - started).toBeLessThan(30_000);
  images.breaks({});
  await images.down();
  expect(await asked.digest(image(images), open)).toEqual(silent);
  expect(await asked.tags(image(images), open)).toBeUndefined();
  await images.up();
  expect(await asked.digest(image(images), open)).toHaveProperty("digest");
});

test("a digest of another shape is not believed: the manifest itself is measured", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  const digest = images.digest("acme/web", "1.5.0");
  for (const told of ["", "sha256:short", "sha256:latest\u00a0x"]) {
    images.breaks({ digest: told });
    expect(await ask(images).digest(image(images), open)).toEqual({ digest });
  }
});

test("tags are read page by page, ten pages at most, and never from another host", async (context) => {
  const tags = Array.from({ length: 25 }, (_, i) => `1.0.${i}`).sort();
  const images = await registry(context, { "acme/web": tags });
  images.breaks({ page: 10 });
  expect(await ask(images).tags(image(images), open)).toEqual(tags);
  images.breaks({ page: 2 });
  expect(await ask(images).tags(image(images), open)).toHaveLength(20);
  expect(await ask(images).tags(image(images, "acme/none:1"), open)).toEqual([]);
});

test("only registries that platform.yaml names are asked; Docker Hub goes by its registry's name", async () => {
  const asked: string[] = [];
  const fetch: Fetch = async (url) => {
    asked.push(String(url));
    return new Response(null, { status: 404 });
  };
  const platform = platformOf({}, { "docker.io": {} });
  const source = registries({ platform: () => platform, fetch });
  const [hub, other] = [reference("nginx:1"), reference("ghcr.io/acme/web:1")];
  if (!hub || !other) throw new Error("names of images");
  expect(await source.digest(hub, open)).toEqual({ missing: true });
  expect(await source.digest(other, open)).toEqual({
    why: "ghcr.io was not asked: it is not in platform.yaml",
  });
  expect(await source.tags(other, open)).toBeUndefined();
  expect(asked).toEqual(["https://registry-1.docker.io/v2/library/nginx/manifests/1"]);
});

test("an aborted question throws the signal's reason", async (context) => {
  const images = await registry(context, { "acme/web": ["1.5.0"] });
  const gone = AbortSignal.abort(new Error("the lease is lost"));
  await expect(ask(images).digest(image(images), gone)).rejects.toThrow("the lease is lost");
});
