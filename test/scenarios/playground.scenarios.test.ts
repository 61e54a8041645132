/** The main job in Microsoft's own Agents Playground: what its page shows, and what it makes of a click. */
import type { Browser, Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { chat } from "../../src/surfaces/cli/chat.ts";
import { chromium } from "../servers.ts";
import { launch } from "../web/browser.ts";
import { chatId, playground } from "./playground.ts";
import { town } from "./town.ts";

let browser: Browser | undefined;
afterAll(() => browser?.close());

test("a run is asked for at the console, approved in the Playground, and done on the same card", async (context) => {
  browser = await launch(chromium(context));
  const grace = await playground("grace");
  const rooms = { web: [`teams:${chatId}`] };
  const { microsoft } = grace;
  const here = await town([grace], ["web"], { rooms, microsoft, openConsole: true });
  context.onTestFinished(async () => {
    await here.close();
  });
  const page = await grace.open(browser, here.url);
  const ada = chat("ada", { url: here.url, channel: "general" });

  // Whoever speaks first is known to Shipmate by that.
  await says(page, "deploy web 1.4.1 to staging");
  await page.getByText("web 1.4.1 runs in staging.").last().waitFor();

  await ada.say("deploy web 1.4.2 to production");
  const title = page.getByText("Deploy web 1.4.2 to production").last();
  await title.waitFor();
  await page.getByRole("button", { name: "Approve" }).last().waitFor();
  await picture(page, "waiting");
  await page.getByRole("button", { name: "Approve" }).last().click();
  await page.getByText("web 1.4.2 runs in production.").last().waitFor();
  await picture(page, "done");
  // Fonts and decoration, which it does without: nothing of ours is sent anywhere.
  const hosts = () => [...new Set(grace.outside.map((url) => new URL(url).hostname))];
  await expect.poll(hosts).toEqual(["res-1.cdn.office.net"]);
});

async function says(page: Page, words: string): Promise<void> {
  await page.getByRole("textbox").first().click();
  await page.keyboard.type(words);
  await page.keyboard.press("Enter");
}

/** A picture of the conversation for the documentation, where somebody wants one: in the folder SHIPMATE_TEST_PICTURES. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["SHIPMATE_TEST_PICTURES"];
  const clip = { x: 331, y: 49, width: 618, height: 740 };
  if (!folder) return;
  // Buttons fade in.
  await page.waitForTimeout(1_000);
  await page.screenshot({ path: `${folder}/teams-playground-${name}.png`, clip });
}
