/** The scenarios at the console, in a browser. */
import type { Browser } from "playwright-core";
import { afterAll } from "vitest";
import { chromium } from "../servers.ts";
import { launch } from "../web/browser.ts";
import { consoleChat } from "./page.ts";
import { scenarios } from "./scenarios.ts";

let browser: Browser | undefined;
afterAll(async () => browser?.close());

scenarios(
  async (context) => {
    browser ??= await launch(chromium(context));
    return { chat: consoleChat(browser) };
  },
  { inTurn: true },
);
