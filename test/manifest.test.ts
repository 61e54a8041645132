import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { manifestFile, manifestText } from "../src/manifest.ts";

test("manifests/slack.json is what npm run manifest writes", async () => {
  expect(await readFile(manifestFile, "utf8")).toBe(await manifestText());
});

test("for an address, every way in leads there and Socket Mode is off", async () => {
  const made = JSON.parse(await manifestText("https://shipmate.example/"));
  const url = "https://shipmate.example/slack/events";
  expect(made.settings.event_subscriptions.request_url).toBe(url);
  expect(made.settings.interactivity.request_url).toBe(url);
  expect(made.features.slash_commands.map((one: { url: string }) => one.url)).toContain(url);
  expect(made.settings.socket_mode_enabled).toBe(false);
});
