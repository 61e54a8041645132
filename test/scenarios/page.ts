/** The console for the scenarios: a page in Chromium for each person, which goes from channel to channel. */
import type { Browser, Locator, Page } from "playwright-core";
import { z } from "zod";
import { faultsOfCard } from "../surfaces/adaptive/limits.ts";
import { patience } from "../web/browser.ts";
import { type Chat, type Seen, type Talker, until } from "./talker.ts";

const Known = z.object({
  messages: z.array(
    z.looseObject({
      id: z.string(),
      adaptive: z.unknown(),
      buttons: z.array(z.looseObject({ id: z.string(), label: z.string() })),
    }),
  ),
});

export function consoleChat(browser: Browser): Chat {
  const faults = new Set<string>();
  const pages = new Map<string, Promise<Page>>();
  let url = "";
  return {
    surface: "console",
    settings: {},
    account: () => undefined,
    channel: (name) => name,
    connect(at) {
      url = at;
    },
    async person(name, channel = `only-${name}`) {
      const opening = pages.get(name) ?? opened(name);
      pages.set(name, opening);
      const page = await opening;
      await page.goto(`${url}/#/${channel}`);
      await page.getByRole("log", { name: `Messages in ${channel}` }).waitFor();
      return talker(page, name, channel, faults);
    },
    faults: () => [...faults],
    async close() {
      const all = await Promise.all(pages.values());
      await Promise.all(all.map((page) => page.context().close()));
    },
  };

  async function opened(name: string): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addInitScript(`sessionStorage.setItem("as", ${JSON.stringify(name)})`);
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.add(message.text());
    });
    page.on("pageerror", (error) => faults.add(error.message));
    await page.goto(url);
    await page.locator(".people :checked").waitFor({ state: "attached" });
    return page;
  }
}

function talker(page: Page, name: string, channel: string, faults: Set<string>): Talker {
  const messages = page.locator("[data-message]");
  let heard: readonly string[] = [];
  const ids = () =>
    messages.evaluateAll((all) => all.map((one) => one.getAttribute("data-message") ?? ""));
  const acts = async () => {
    heard = await ids();
  };
  /** What the page itself was given: cards as good as Teams', but for their size. */
  const known = async () => {
    const path = `/api/v1/console/channels/${channel}/messages?as=${name}`;
    const told = await page.evaluate(async (from) => (await fetch(from)).json() as unknown, path);
    const found = Known.parse(told).messages;
    for (const { adaptive } of found)
      if (adaptive !== null) for (const fault of faultsOfCard(adaptive, 600_000)) faults.add(fault);
    return found;
  };
  const whole = async (card: Locator): Promise<string> => {
    const fold = card.getByRole("button", { name: /^All \d+ changes$/ });
    if ((await fold.count()) > 0) await fold.click();
    return words(await card.innerText());
  };

  return {
    async says(text) {
      await acts();
      await page.getByRole("combobox", { name: /Message in/ }).fill(text);
      await page.keyboard.press("Escape");
      // What was said before may still be on its way.
      await page.locator("button.send:enabled").waitFor();
      await page.keyboard.press("Enter");
    },
    async sees(title, word) {
      const row = messages
        .filter({ has: page.locator(`.card[data-state^="${word}"]`) })
        .filter({ has: page.getByRole("heading", { name: title, exact: true }) })
        .last();
      const id = await row.getAttribute("data-message");
      return seen(id ?? "");
    },
    async fills(values) {
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      await acts();
      for (const [field, value] of Object.entries(values)) {
        const input = dialog.locator(`[name="${field}"]`);
        const isMenu = await input.evaluate((one) => one.tagName === "SELECT");
        await (isMenu ? input.selectOption(value) : input.fill(value));
      }
      await dialog.locator("button.primary").click();
      await dialog.waitFor({ state: "detached" });
    },
    async isTold(what) {
      return await until(`${name} being told ${what}`, async () => {
        const all = await messages.evaluateAll((found) =>
          found
            .filter((one) => one.querySelector(".private") !== null)
            .map((one) => [one.getAttribute("data-message") ?? "", one.textContent ?? ""]),
        );
        return all.find(([id = "", text = ""]) => !heard.includes(id) && what.test(text))?.[1];
      });
    },
    async reads(what) {
      const card = messages.locator(".card").filter({ hasText: what }).last();
      await card.waitFor();
      await known();
      return whole(card);
    },
  };

  async function seen(id: string): Promise<Seen> {
    const card = page.locator(`[data-message="${id}"] .card`);
    const then = (await known()).find((one) => one.id === id)?.buttons ?? [];
    return {
      text: await whole(card),
      buttons: then.map(({ label }) => label),
      async press(label) {
        await acts();
        const button = then.find((one) => one.label === label);
        if (button === undefined) throw new Error(`no button "${label}"`);
        const shown = card.getByRole("button", { name: label, exact: true });
        for (let clicked = false; !clicked; ) {
          const now = (await known()).find((one) => one.id === id)?.buttons ?? [];
          // A page that was open all the while may show what is no more: its click comes all the same.
          if (!now.some((one) => one.id === button.id)) return await late(id, button.id);
          clicked = await shown.click({ timeout: 3_000 }).then(
            () => true,
            () => false, // it may go while it is aimed at
          );
        }
        const asks = page.getByRole("dialog").getByRole("button", { name: label, exact: true });
        if (button["confirm"] !== undefined) await asks.click();
      },
    };
  }

  async function late(messageId: string, button: string): Promise<void> {
    await page.evaluate(
      async (body) => {
        await fetch("/api/v1/console/click", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      },
      { as: name, messageId, button },
    );
  }
}

function words(text: string): string {
  return text.replace(/[^\S\n]+/g, " ").replace(/\n+/g, "\n");
}
