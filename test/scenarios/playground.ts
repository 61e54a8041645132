/**
 * Microsoft's Agents Playground for a test: its server as a process and its page in Chromium, without any
 * network but this machine. It acts as one person, Alex Wilber, in a chat with the app and in channels.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../free-port.ts";
import { patience } from "../web/browser.ts";
import type { Chat } from "./talker.ts";
import { until } from "./talker.ts";

const cli = join(import.meta.dirname, "../../node_modules/@microsoft/m365agentsplayground/cli.js");

const loopback = join(import.meta.dirname, "loopback.cjs");

/** Alex Wilber, in the Playground's own settings. */
const alex = "00000000-0000-0000-0000-0000000000020";
/** The chat with the app. */
export const chatId = "playground-chat";

export interface Playground extends Pick<Chat, "surface" | "settings" | "account"> {
  /** For startShipmate: where messages go before anybody has spoken. */
  readonly microsoft: { readonly serviceUrl: string };
  /** Alex's page, once Shipmate listens there. */
  open(browser: Browser, shipmate: string): Promise<Page>;
  /** Addresses outside of this machine that the page asked for; none of them was let through. */
  readonly outside: readonly string[];
  close(): Promise<void>;
}

/** `person`: who Alex is for Shipmate. */
export async function playground(person: string): Promise<Playground> {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-playground-"));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const stop = new AbortController();
  const outside: string[] = [];
  let page: Page | undefined;
  return {
    surface: "teams",
    settings: { TEAMS_ALLOW_UNAUTHENTICATED: "true" },
    account: (name) => (name === person ? alex : undefined),
    microsoft: { serviceUrl: `${origin}/_connector` },
    outside,
    async open(browser, shipmate) {
      const args = [
        ...["start", "--app-endpoint", `${shipmate}/api/messages`, "--channel-id", "msteams"],
        ...["--conversation-id", chatId, "--port", String(port), "--disable-telemetry"],
      ];
      // Without the preload it would listen on every address: it has no option for that.
      const child = spawn(process.execPath, ["--require", loopback, cli, ...args], {
        // It writes a folder of its own, and opens a browser where it finds one.
        ...{ cwd: folder, stdio: "ignore", signal: stop.signal },
        env: { HOME: folder, BROWSER: "none", PATH: process.env["PATH"] ?? "" },
      });
      child.on("error", () => undefined);
      await until("the Playground", () =>
        fetch(origin).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      );
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        // For pictures that are sharp on every screen.
        deviceScaleFactor: process.env["SHIPMATE_TEST_PICTURES"] ? 2 : 1,
      });
      await context.route(
        (url) => url.hostname !== "localhost",
        (route) => {
          outside.push(route.request().url());
          return route.abort();
        },
      );
      context.setDefaultTimeout(patience);
      page = await context.newPage();
      await page.goto(origin);
      return page;
    },
    async close() {
      await page?.context().unrouteAll({ behavior: "ignoreErrors" });
      await page?.context().close();
      stop.abort();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
