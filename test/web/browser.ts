/** A Chromium for tests, and what goes wrong in its pages. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Starts the browser at `path`; every page that it opens is watched by `open`. */
export function launch(path: string): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** How long a page of a test waits for what should come, on a machine that does much else. Milliseconds. */
export const patience = 90_000;

export interface Opened {
  readonly page: Page;
  /** What its console, its scripts and its security policy complained of. */
  readonly complaints: readonly string[];
}

/** A page of its own, without cookies or storage of another. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  await page.locator(".people :checked").waitFor({ state: "attached" });
  return { page, complaints };
}

/** Whether anything is wider than the window. */
export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(
    "document.documentElement.scrollWidth > innerWidth || [...document.querySelectorAll('.scroller, .panel, .side')].some((one) => one.scrollWidth > one.clientWidth + 1)",
  );
}
