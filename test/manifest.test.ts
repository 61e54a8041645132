/** What other platforms read about us is made of the command files, and stands in the project as it was made. */
import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { manifests, manifestsFor } from "../src/manifest.ts";

const app = "12345678-1234-4234-8234-123456789abc";
const text = (bytes: string | Uint8Array | undefined) =>
  typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);

test("each file is what npm run manifest writes", async () => {
  for (const [path, content] of await manifests())
    expect(await readFile(path, "utf8"), path).toBe(text(content));
});

test("for an address, every way in leads there and Socket Mode is off", async () => {
  const files = await manifestsFor("https://shipmate.example/", undefined);
  expect([...files.keys()]).toEqual(["slack.json"]);
  const made = JSON.parse(text(files.get("slack.json")));
  const url = "https://shipmate.example/slack/events";
  expect(made.settings.event_subscriptions.request_url).toBe(url);
  expect(made.settings.interactivity.request_url).toBe(url);
  expect(made.features.slash_commands.map((one: { url: string }) => one.url)).toContain(url);
  expect(made.settings.socket_mode_enabled).toBe(false);
});

test("with an app's id, Teams' package holds its manifest and two icons of the sizes it asks for", async () => {
  const zip = (await manifestsFor("https://shipmate.example/", app)).get("teams.zip");
  if (!(zip instanceof Uint8Array)) throw new Error("no package");
  const files = unzipSync(zip);
  expect(Object.keys(files).toSorted()).toEqual(["color.png", "manifest.json", "outline.png"]);
  const { id, bots, validDomains } = JSON.parse(text(files["manifest.json"]));
  expect({ id, validDomains }).toEqual({ id: app, validDomains: ["shipmate.example"] });
  expect(bots[0].botId).toBe(app);
  const commands: { title: string; description: string }[] = bots[0].commandLists[0].commands;
  expect(commands.map(({ title }) => title)).toContain("deploy");
  expect(commands.length).toBeLessThanOrEqual(10);
  for (const { title, description } of commands)
    expect([title.length <= 32, description.length <= 128]).toEqual([true, true]);
  // A PNG's width and height stand at bytes 16 and 20 (PNG specification, IHDR).
  const size = (name: string) => {
    const bytes = files[name] ?? new Uint8Array();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return [view.getUint32(16), view.getUint32(20)];
  };
  expect([size("color.png"), size("outline.png")]).toEqual([
    [192, 192],
    [32, 32],
  ]);
});
