/** What people do with Shipmate, in people and words alone: the same on every chat. */
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Asker } from "../servers.ts";
import type { Chat, Seen, Talker } from "./talker.ts";
import { type Town, town } from "./town.ts";

/** One service for each scenario, so that none waits for another; `web` really runs. */
const services = [
  ...["web", "typed", "voted", "refused", "moved", "returned", "noisy", "chatty", "wide"],
  ...["pressed", "late"],
];

/** Runs them all on one chat, side by side unless told. `open` gives it, and what its Shipmate needs besides. */
export function scenarios(
  open: (
    asker: Asker,
  ) => Promise<{ readonly chat: Chat; readonly more?: Parameters<typeof town>[2] }>,
  { inTurn = false } = {},
): void {
  let opening: Promise<{ readonly chat: Chat; readonly here: Town }> | undefined;
  beforeEach(async (context) => {
    opening ??= open(context).then(async ({ chat, more }) => ({
      ...{ chat, here: await town([chat], services, more) },
    }));
    await opening;
  });
  afterAll(async () => {
    const opened = await opening;
    const faults = opened?.chat.faults();
    await opened?.here.close();
    expect(faults).toEqual([]);
  });
  /** Each has a channel of its own, named like its service. */
  const scenario = (says: string, service: string, act: (stage: Stage) => Promise<void>): void =>
    (inTurn ? test : test.concurrent)(says, async () => {
      if (opening === undefined) throw new Error("nothing is open");
      const { chat, here } = await opening;
      await act({
        ship: here.world.ship(service),
        person: (name) => chat.person(name, service),
        alone: (name) => chat.person(name),
      });
    });

  scenario(
    "what somebody asks for runs once somebody else has approved it, and its logs can be read",
    "web",
    async ({ person }) => {
      const [ada, grace] = await all(person("ada"), person("grace"));
      await ada.says("deploy web 1.4.2 to production");
      const card = await grace.sees("Deploy web 1.4.2 to production", "Waiting");
      expect(flat(card)).toContain("1.4.2");
      expect(flat(card)).toContain("Asked by Ada");
      expect(card.buttons).toContain("Approve");
      await card.press("Approve");
      await grace.isTold(/You approved: Deploy web 1\.4\.2 to production/);
      const end = await ada.sees("Deploy web 1.4.2 to production", "Succeeded");
      expect(flat(end)).toContain("web 1.4.2 runs in production.");
      expect(flat(end)).toMatch(/Approved by Grace/);
      await ada.says("logs web in production");
      expect(await ada.reads(/Logs of web in production/)).toMatch(/web 1\.4\.2 listens on \d+/);
    },
  );

  scenario("what was left out is asked for, and filled in", "typed", async ({ person, ship }) => {
    const ada = await person("ada");
    await ada.says("deploy typed to staging");
    await ada.fills({ version: "1.4.2" });
    await ada.sees("Deploy typed 1.4.2 to staging", "Succeeded");
    expect(ship.versions.get("staging")).toBe("1.4.2");
  });

  scenario(
    "votes of those who are asked are counted, and nobody else's",
    "voted",
    async ({ person, ship }) => {
      const names = ["ada", "grace", "linus", "mallory"].map((name) => person(name));
      const [ada, grace, linus, mallory] = await four(names);
      const title = "Deploy voted 1.4.2 to vault";
      await ada.says("deploy voted 1.4.2 to vault");
      const card = await grace.sees(title, "Waiting");
      expect(flat(card)).toContain("Waiting for 2 of security: Grace or Linus or Barbara.");
      await ada.says(approval(card));
      await ada.isTold(/You asked for this, so somebody else has to approve it: ask Grace/);
      await mallory.says(approval(card));
      await mallory.isTold(/Only (people in a team|security) may/);
      await card.press("Approve");
      await grace.isTold(/Waiting for one of security: Linus or Barbara/);
      expect(ship.releases).toBe(0);
      await (await linus.sees(title, "Waiting")).press("Approve");
      const end = await ada.sees(title, "Succeeded");
      expect(flat(end)).toMatch(/Approved by Grace \(\w+\) and Linus \(\w+\)/);
      expect(ship.releases).toBe(1);
    },
  );

  scenario("who says no says why, and nothing changed", "refused", async ({ person, ship }) => {
    const [ada, grace] = await all(person("ada"), person("grace"));
    await ada.says("deploy refused 1.4.2 to production");
    const card = await grace.sees("Deploy refused 1.4.2 to production", "Waiting");
    await grace.says(`reject ${numberOf(card)} because "after the sale"`);
    const end = await ada.sees("Deploy refused 1.4.2 to production", "Rejected");
    expect(flat(end)).toContain('Grace rejected this: "after the sale". Nothing changed.');
    expect(ship.versions.get("production")).toBe("1.4.1");
  });

  scenario(
    "what moved between the approval and the begin is asked for anew, and shown",
    "moved",
    async ({ person, ship }) => {
      const [ada, grace] = await all(person("ada"), person("grace"));
      const title = "Deploy moved 1.4.2 to production";
      await ada.says("deploy moved 1.4.2 to production");
      const first = await grace.sees(title, "Waiting for approval");
      ship.replicas = 7;
      await first.press("Approve");
      const again = await grace.sees(title, "Waiting again");
      expect(flat(again)).toMatch(/replicas.* 7/);
      expect(ship.releases).toBe(0);
      await first.press("Approve");
      await grace.isTold(/changed since that card/);
      await again.press("Approve");
      await ada.sees(title, "Succeeded");
      expect(ship.replicas).toBe(3);
    },
  );

  scenario("a button takes it back", "returned", async ({ person, ship }) => {
    const [ada, grace] = await all(person("ada"), person("grace"));
    await ada.says("deploy returned 1.4.2 to production");
    await (await grace.sees("Deploy returned 1.4.2 to production", "Waiting")).press("Approve");
    const end = await ada.sees("Deploy returned 1.4.2 to production", "Succeeded");
    await end.press("Roll back");
    const back = await ada.sees("Roll back returned in production", "Succeeded");
    expect(flat(back)).toContain("returned 1.4.1 runs in production again.");
    expect(ship.versions.get("production")).toBe("1.4.1");
  });

  scenario("logs are read where they are asked for", "noisy", async ({ person, ship }) => {
    const ada = await person("ada");
    ship.lines = ["first line", "<!channel> @here **bold** [a](https://evil.example) last line"];
    await ada.says("logs noisy in production");
    const logs = await ada.reads(/Logs of noisy in production/);
    expect(logs).toContain("first line");
    expect(logs).toContain("<!channel> @here **bold** [a](https://evil.example) last line");
  });

  scenario("a log of 100 kB can be read to its beginning", "chatty", async ({ alone, ship }) => {
    const ada = await alone("ada");
    ship.lines = Array.from({ length: 1_000 }, (_, at) => `line ${at} ${"x".repeat(90)}`);
    await ada.says("logs chatty in production tail=2000");
    const logs = await ada.reads(/Logs of chatty in production/);
    expect(logs).toContain("line 999 ");
    // What Shipmate itself keeps of it is its last 60,000 characters.
    expect(logs).toContain("line 500 ");
  });

  scenario(
    "forty changes and more can be read before they are approved",
    "wide",
    async ({ person, ship }) => {
      const [ada, grace] = await all(person("ada"), person("grace"));
      ship.settings = 45;
      await ada.says("deploy wide 1.4.2 to production");
      const card = await grace.sees("Deploy wide 1.4.2 to production", "Waiting");
      const whole = `${card.text}\n${await grace.reads(/All 46 changes/)}`;
      for (const [at] of Array.from({ length: 45 }).entries())
        expect(whole).toMatch(new RegExp(`SETTING_${at + 1}\\b`));
      await card.press("Approve");
      await ada.sees("Deploy wide 1.4.2 to production", "Succeeded");
    },
  );

  scenario("a click twice is one vote and one release", "pressed", async ({ person, ship }) => {
    const [ada, grace] = await all(person("ada"), person("grace"));
    await ada.says("deploy pressed 1.4.2 to production");
    const card = await grace.sees("Deploy pressed 1.4.2 to production", "Waiting");
    await Promise.all([card.press("Approve"), card.press("Approve")]);
    const end = await ada.sees("Deploy pressed 1.4.2 to production", "Succeeded");
    expect(flat(end).match(/Approved by ([^·]*?) (·|run|Took|plan)/)?.[1] ?? flat(end)).toMatch(
      /Grace/,
    );
    expect(ship.releases).toBe(1);
  });

  scenario("an old button does nothing, and says so", "late", async ({ person, ship }) => {
    const [ada, grace, linus] = await all(person("ada"), person("grace"), person("linus"));
    await ada.says("deploy late 1.4.2 to production");
    const [hers, his] = await all(
      grace.sees("Deploy late 1.4.2 to production", "Waiting"),
      linus.sees("Deploy late 1.4.2 to production", "Waiting"),
    );
    await hers.press("Approve");
    await ada.sees("Deploy late 1.4.2 to production", "Succeeded");
    await his.press("Reject");
    await linus.isTold(/already approved|has ended/);
    expect(ship.versions.get("production")).toBe("1.4.2");
    expect(ship.releases).toBe(1);
  });
}

interface Stage {
  readonly ship: ReturnType<Town["world"]["ship"]>;
  /** Somebody in the scenario's channel. */
  person(name: string): Promise<Talker>;
  /** Somebody alone with Shipmate. */
  alone(name: string): Promise<Talker>;
}

function all<T extends readonly unknown[]>(
  ...parts: { [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  return Promise.all(parts) as unknown as Promise<T>;
}

async function four<T>(parts: readonly Promise<T>[]): Promise<[T, T, T, T]> {
  return (await Promise.all(parts)) as [T, T, T, T];
}

/** The words without what is between them. */
export function flat({ text }: Seen): string {
  return text.replace(/\s+/g, " ");
}

function numberOf(card: Seen): string {
  return /\brun (\d+)/.exec(card.text)?.[1] ?? "";
}

function approval(card: Seen): string {
  return `approve ${numberOf(card)} ${/\bplan ([0-9a-f]{8})/.exec(card.text)?.[1]}`;
}
