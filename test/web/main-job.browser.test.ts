/** The main job on the console, with every part real: ask, look, approve, watch it run, bring it back. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Shipmate, startShipmate } from "../../src/app.ts";
import { chromium } from "../servers.ts";
import { launch, open, scrollsSideways } from "./browser.ts";

/** Taken where it is missing: delete it to have it taken anew. */
const picture = join(import.meta.dirname, "../../docs/console.png");

let home: string;
let shipmate: Shipmate;
let browser: Browser | undefined;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "shipmate-console-"));
  const config = {
    mode: "local",
    why: "",
    host: "127.0.0.1",
    port: 0,
    home,
    log: "fatal",
  } as const;
  shipmate = await startShipmate(config, { stopServices: true });
});
afterAll(async () => {
  await browser?.close();
  await shipmate?.close();
  await rm(home, { recursive: true, force: true });
});

test("ada asks for web 1.4.2 in production, grace approves, everybody sees it run, one press takes it back", async (context) => {
  browser = await launch(chromium(context));
  const { page, complaints } = await open(browser, shipmate.url, {
    viewport: { width: 1280, height: 860 },
  });
  const be = (name: string) => page.getByRole("radio", { name }).check({ force: true });
  const cards = page.locator(".card[data-state]");

  await say(page, "deploy web 1.4.1 to production");
  await cards.last().getByText("Waiting for one of payments: Grace.").waitFor();
  await cards.last().getByRole("button", { name: "Approve" }).click();
  await page.getByText("somebody else has to approve it").first().waitFor();
  await be("Grace");
  await cards.last().getByRole("button", { name: "Approve" }).click();
  await cards.last().getByText("Succeeded").waitFor();

  await be("Ada");
  await say(page, "deploy web 1.4.2 to production");
  const card = cards.last();
  await card.getByText("1.4.2", { exact: true }).waitFor();
  await card
    .getByText(/Waiting/)
    .first()
    .waitFor();
  await be("Grace");
  await card.getByRole("button", { name: "Details" }).click();
  const details = page.getByRole("complementary");
  await details.locator(".diff .new", { hasText: "1.4.2" }).waitFor();
  await card.getByRole("button", { name: "Approve" }).click();
  await card.getByText("Succeeded").waitFor();
  await card.getByText("web 1.4.2 runs in production.").waitFor();
  const link = await runningUrl(page);
  expect(await (await fetch(link)).text()).toContain("1.4.2");

  await details.getByRole("tab", { name: "Timeline" }).click();
  await details.getByText(/Grace approved [0-9a-f]{8}/).waitFor();
  await details.getByText("Succeeded").first().waitFor();
  if (!existsSync(picture)) await page.screenshot({ path: picture });

  await be("Ada");
  await card.getByRole("button", { name: "Roll back" }).click();
  const sure = page.getByRole("dialog");
  await sure.getByRole("button", { name: "Roll back" }).click();
  await cards
    .last()
    .getByText(/1\.4\.1 runs/)
    .waitFor();
  expect(await (await fetch(await runningUrl(page))).text()).toContain("1.4.1");
  await expect.poll(() => scrollsSideways(page)).toBe(false);
  expect(complaints).toEqual([]);
});

async function say(page: Page, text: string): Promise<void> {
  await page.keyboard.press("/");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** Where web answers in production, as the API says. */
async function runningUrl(page: Page): Promise<string> {
  const url: unknown = await page.evaluate(`fetch("/api/v1/services?as=ada")
    .then((response) => response.json())
    .then(({ services }) => services.find(({ name }) => name === "web").running
      .find(({ environment }) => environment === "production").url)`);
  return String(url);
}
