/** The main job in Microsoft's own Agents Playground: what its page shows, and what it makes of a click. */
import type { Browser, Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { chat } from "../../src/surfaces/cli/chat.ts";
import { chromium } from "../servers.ts";
import { launch, open } from "../web/browser.ts";
import { chatId, playground } from "./playground.ts";
import { town } from "./town.ts";

let browser: Browser | undefined;
afterAll(() => browser?.close());

test("a run is asked for at the console, approved in the Playground, and done on the same card", async (context) => {
  browser = await launch(chromium(context));
  const grace = await playground("grace");
  const rooms = { web: [`teams:${chatId}`, "console:general"] };
  const { microsoft } = grace;
  const here = await town([grace], ["web"], { rooms, microsoft, openConsole: true });
  context.onTestFinished(async () => {
    await here.close();
  });
  const page = await grace.open(browser, here.url);
  const ada = chat("ada", { url: here.url, channel: "general" });

  // Whoever speaks first is known to Shipmate by that.
  await says(page, "deploy web 1.4.1 to production");
  const linus = chat("linus", { url: here.url, channel: "general" });
  const asks = await linus.until("a card to approve", ({ card }) =>
    Boolean(card?.buttons.some(({ label }) => label === "Approve")),
  );
  await linus.press(asks, "Approve");
  await page.getByText("web 1.4.1 runs in production.").last().waitFor();

  await ada.say("deploy web 1.4.2 to production");
  const title = page.getByText("Deploy web 1.4.2 to production").last();
  await title.waitFor();
  await page.getByRole("button", { name: "Approve" }).last().waitFor();
  await pictures(page, here.url, "waiting");
  await page.getByRole("button", { name: "Approve" }).last().click();
  await page.getByText("web 1.4.2 runs in production.").last().waitFor();
  await pictures(page, here.url, "done");
  // Fonts and decoration, which it does without: nothing of ours is sent anywhere.
  const hosts = () => [...new Set(grace.outside.map((url) => new URL(url).hostname))];
  await expect.poll(hosts).toEqual(["res-1.cdn.office.net"]);
});

async function says(page: Page, words: string): Promise<void> {
  await page.getByRole("textbox").first().click();
  await page.keyboard.type(words);
  await page.keyboard.press("Enter");
}

/**
 * Pictures of the same card in both, for the documentation, where somebody wants them: in the folder that
 * SHIPMATE_TEST_PICTURES names.
 */
async function pictures(page: Page, url: string, name: string): Promise<void> {
  const folder = process.env["SHIPMATE_TEST_PICTURES"];
  if (!folder || browser === undefined) return;
  const there = await open(browser, url, {
    ...{ viewport, deviceScaleFactor: 2 },
    colorScheme: "light",
  });
  const own = there.page.locator("article:has(.card)").last().locator(".card");
  await own.waitFor();
  // Buttons fade in.
  await page.waitForTimeout(1_000);
  await there.page.mouse.move(0, 0);
  await own.screenshot({ path: `${folder}/console-${name}.png`, animations: "disabled" });
  const card = page.locator(".ac-adaptiveCard").filter({ hasText: "run " }).last();
  await card.screenshot({ path: `${folder}/playground-${name}.png`, animations: "disabled" });
  await there.page.context().close();
}

const viewport = { width: 620, height: 900 };
