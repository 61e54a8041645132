/** Each command, said in words: what it answers and what it asks of runs and workflows. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { RunView } from "../../src/core/command.ts";
import { commands, say } from "./rig.ts";

const run = (number: number, part: Partial<RunView> = {}): RunView => ({
  id: `id-${number}`,
  number,
  title: "Deploy web 1.4.2 to production",
  state: "waiting",
  says: "",
  by: { id: "ada", name: "Ada" },
  at: 0,
  ...part,
});
const Listed = z.object({
  rows: z.array(z.array(z.string())),
  buttons: z.array(z.unknown()).default([]),
  facts: z.array(z.string()),
});
const open = { runs: [run(41, { digest: "3fa9c1d2" })] };

describe("what changes something starts its workflow", () => {
  test.each([
    [
      "deploy web 1.4.2 to production",
      "deploy",
      { service: "web", version: "1.4.2", environment: "production" },
    ],
    ["restart web in staging", "restart", { service: "web", environment: "staging" }],
    [
      "scale web 5 in production",
      "scale",
      { service: "web", replicas: 5, environment: "production" },
    ],
    [
      "scale web in production to 0",
      "scale",
      { service: "web", replicas: 0, environment: "production" },
    ],
    ["adopt web in production", "adopt", { service: "web", environment: "production" }],
    ["remove web from staging confirm=web", "remove", { service: "web", environment: "staging" }],
    ["remove web from staging WEB", "remove", { service: "web", environment: "staging" }],
    ["rollback web in staging", "rollback", { service: "web", environment: "staging" }],
    [
      "rollback web in staging to 1.4.1",
      "rollback",
      { service: "web", environment: "staging", to: "1.4.1" },
    ],
  ])("%s", async (text, workflow, input) => {
    expect(await say(text)).toEqual({ reply: { run: "r1" }, asked: [["start", workflow, input]] });
  });

  test("what is left out is asked for", async () => {
    expect(await say("deploy web")).toMatchObject({
      missing: ["version", "environment"],
      asked: [],
    });
  });

  test("a removal is not begun before the name is typed, and a wrong one is refused", async () => {
    expect(await say("remove web from staging")).toMatchObject({ missing: ["confirm"], asked: [] });
    expect(await say("remove web from staging confirm=hello")).toEqual({
      says: "That is not its name, so web stays in staging. Say it again and type web to remove it.",
      asked: [],
    });
  });

  test.each([
    ["scale web 1001 in staging", 'Replicas can\'t be "1001". Say a number of at most 1000.'],
    ["scale web -1 in staging", 'Replicas can\'t be "-1". Say a number of at least 0.'],
    ["scale web 2.5 in staging", 'Replicas can\'t be "2.5". Say a whole number.'],
    ["scale web many in staging", 'Replicas can\'t be "many". Say a number.'],
  ])("%s", async (text, says) => {
    expect(await say(text)).toEqual({ says, asked: [] });
  });

  test("what does not exist is answered with the nearest that does", async () => {
    expect(await say("deploy wbe 1.4.2 to production")).toMatchObject({
      says: 'No service "wbe". Did you mean web?',
    });
    expect(await say("rollback web in prod")).toMatchObject({
      says: 'No environment "prod". Did you mean production?',
    });
    expect(await say("deploy web 9.9.9 to staging")).toMatchObject({
      says: 'No version "9.9.9" of web. There are 1.5.0, 1.4.2 and 1.4.1.',
    });
  });
});

describe("votes", () => {
  test.each([
    ["approve 41 3fa9c1d2", ["vote", "41", "3fa9c1d2", "yes"]],
    ["approve #41 3FA9C1D2", ["vote", "41", "3fa9c1d2", "yes"]],
    ["approve 7", ["vote", "7", "", "yes"]],
    ['reject 41 because "after the sale"', ["vote", "41", "3fa9c1d2", "no", "after the sale"]],
    ["reject 41 after the sale", ["vote", "41", "3fa9c1d2", "no", "after the sale"]],
    ["reject id-41 00000000", ["vote", "id-41", "00000000", "no", undefined]],
    ["reject 7", ["why", "7"]],
    ["withdraw 41", ["vote", "41", "3fa9c1d2", "withdraw"]],
    ["withdraw 7", ["why", "7"]],
  ])("%s", async (text, wanted) => {
    expect((await say(text, open)).asked).toEqual([wanted]);
  });

  test("an approval that names no plan is refused, with the digits to type", async () => {
    expect(await say("approve 41", open)).toEqual({
      says: "Say which plan you approve, by the digits on its card: approve 41 3fa9c1d2",
      asked: [],
    });
  });

  test("what can't be a digest is said", async () => {
    expect(await say("approve 41 xyz", open)).toMatchObject({
      says: 'Digest can\'t be "xyz". Say the 8 digits of the plan on its card, such as 3fa9c1d2.',
    });
  });
});

describe("runs are asked for what was said", () => {
  test.each([
    ["press 41 extend", ["press", "41", "extend", undefined]],
    ["press 41 Take back", ["press", "41", "take-back", undefined]],
    ["press 41 tearDown", ["press", "41", "tearDown", undefined]],
    ["cancel 41", ["cancel", "41"]],
    ["why 41", ["why", "41"]],
  ])("%s", async (text, wanted) => {
    expect((await say(text, open)).asked).toEqual([wanted]);
  });

  test("retry 41 answers with the new run", async () => {
    expect(await say("retry 41")).toMatchObject({ reply: { run: "again 41" } });
  });

  test("runs lists the newest first, with a way to ask why one waits", async () => {
    const { reply, asked } = await say("runs", { runs: [run(3, { state: "succeeded" }), run(41)] });
    expect(asked).toEqual([["list", { limit: 15 }]]);
    expect(reply).toMatchObject({
      title: "Runs",
      rows: [
        ["41", "Deploy web 1.4.2 to production", "waiting", "Ada"],
        ["3", "Deploy web 1.4.2 to production", "succeeded", "Ada"],
      ],
      buttons: [{ command: "why", args: { run: "41" } }],
    });
  });

  test("runs of a service looks in every environment and shows a run once", async () => {
    const { reply, asked } = await say("runs web", { runs: [run(41)] });
    expect(asked).toEqual(
      ["staging", "production"].map((at) => ["list", { of: `${at}/web`, limit: 15 }]),
    );
    expect(reply).toMatchObject({
      title: "Runs of web",
      rows: [["41", expect.anything(), "waiting", "Ada"]],
    });
  });

  test("an empty list says what to do first", async () => {
    expect((await say("runs")).reply).toMatchObject({
      says: "Nothing was done yet. Say deploy to begin.",
    });
  });
});

describe("status", () => {
  const world = {
    running: { "production/web": { version: "1.4.2" } },
    history: [
      { version: "1.4.2", good: true, at: 1_764_000_000_000, by: "grace" },
      { version: "1.5.0", good: false, at: 1_763_999_000_000, why: "it exited with code 1" },
      { version: "1.4.1", good: true, at: 1_763_998_000_000 },
    ],
  };

  test("of one environment says what runs, what ran, what is under way, and offers logs and a rollback", async () => {
    expect((await say("status web in production", { ...world, ...open })).reply).toMatchObject({
      title: "web in production",
      state: { tone: "good", word: "healthy" },
      says: "1.4.2 runs, 1 of 1 ready.",
      fields: { "Under way": "Deploy web 1.4.2 to production (run 41, waiting)" },
      rows: [
        ["1.4.2", "good", "2025-11-24 16:00 UTC", "Grace"],
        ["1.5.0", "it exited with code 1", expect.anything(), ""],
        ["1.4.1", "good", expect.anything(), ""],
      ],
      buttons: [
        { label: "Logs", command: "logs" },
        {
          label: "Roll back",
          command: "rollback",
          args: { service: "web", environment: "production" },
          confirm: expect.anything(),
        },
      ],
    });
  });

  test("offers no rollback where there is nothing to go back to", async () => {
    const { reply } = await say("status web in production", {
      ...world,
      history: world.history.slice(0, 2),
    });
    expect(reply).toMatchObject({ buttons: [{ label: "Logs" }] });
    expect(reply).not.toMatchObject({ buttons: [{}, {}] });
  });

  test("of a service that never ran offers a deploy, of which the version is asked", async () => {
    expect((await say("status web in staging")).reply).toMatchObject({
      state: { tone: "calm" },
      says: "Nothing runs here yet.",
      buttons: [
        { label: "Deploy", command: "deploy", args: { service: "web", environment: "staging" } },
      ],
    });
  });

  test("says what is wrong", async () => {
    const running = {
      "production/web": { version: "1.5.0", why: "It keeps crashing: exit code 1." },
    };
    expect((await say("status web in production", { running })).reply).toMatchObject({
      state: { tone: "bad" },
      says: "1.5.0 runs, 1 of 1 ready. It keeps crashing: exit code 1.",
      buttons: [{ label: "Logs" }, { label: "Events" }],
    });
  });

  test("tells of several versions, of restarts and of what differs from the release", async () => {
    const running = {
      "production/web": {
        ...{ version: "1.4.2", ready: 4, of: 5, restarts: 2, since: Date.now() - 180_000 },
        versions: [
          { version: "1.4.2", ready: 3, of: 4 },
          { version: "1.4.1", ready: 1, of: 1 },
        ],
        differs: "Scaled to 5 by hand, until the next deploy.",
      },
    };
    expect((await say("status web in production", { running })).reply).toMatchObject({
      state: { word: "starting" },
      says: "1.4.2 runs, 4 of 5 ready. Scaled to 5 by hand, until the next deploy.",
      fields: { Versions: "1.4.2 (3 of 4), 1.4.1 (1 of 1)", Since: "3 min ago", Restarts: "2" },
    });
  });

  test("of a service shows all environments as rows", async () => {
    expect((await say("status web", world)).reply).toMatchObject({
      title: "web",
      says: "Nothing in staging, 1.4.2 in production.",
      rows: [
        ["staging", "nothing", "", "not running"],
        ["production", "1.4.2", "1 of 1", "healthy"],
      ],
    });
  });
});

describe("what there is", () => {
  test("services shows whose they are, and offers their status", async () => {
    expect((await say("services")).reply).toMatchObject({
      rows: [
        ["web", "payments", "The shop's pages"],
        ["hello", "payments", "Says hello"],
      ],
      buttons: [
        { command: "status", args: { service: "web" } },
        { command: "status", args: { service: "hello" } },
      ],
    });
  });
  test("services of an owner who owns nothing names the owners", async () => {
    expect(await say("services @everyone")).toMatchObject({
      says: 'No service belongs to "@everyone". Owners are: payments.',
    });
  });
  test("environments says whom each asks", async () => {
    expect((await say("environments")).reply).toMatchObject({
      rows: [
        ["staging", "asks nobody"],
        ["production", "asks one of the owning team"],
      ],
    });
  });
  test("whoami says the rights in words", async () => {
    expect((await say("whoami")).reply).toEqual({
      title: "You are Ada",
      says: "You may change staging of web.",
      fields: { "In platform.yaml": "ada" },
    });
  });
});

describe("history", () => {
  const running = { "production/web": { version: "1.4.2" } };
  const release = (version: string, ago: number, more: object = {}) => ({
    ...{ version, good: true, at: Date.now() - ago * 60_000 },
    ...more,
  });

  test("says what each release was, when and by whom, and offers to go back to each good one", async () => {
    const history = [
      release("1.4.2", 2, { by: "ada" }),
      release("1.5.0", 10, { good: false, by: "linus", why: "it exited with code 1" }),
      release("1.4.1", 300, { by: "somebody-who-left" }),
      release("1.4.2", 310),
    ];
    expect((await say("history web in production", { running, history })).reply).toMatchObject({
      title: "Releases of web in production",
      says: "1.4.2 runs.",
      rows: [
        ["1.4.2", "good", "2 min ago", "Ada"],
        ["1.5.0", "it exited with code 1", "10 min ago", "Linus"],
        ["1.4.1", "good", "5 h ago", "somebody-who-left"],
        ["1.4.2", "good", "5 h ago", ""],
      ],
      buttons: [
        {
          label: "Roll back to 1.4.1",
          command: "rollback",
          args: { service: "web", environment: "production", to: "1.4.1" },
          confirm: expect.anything(),
        },
      ],
    });
  });

  test("offers three at most, and says how many more there were", async () => {
    const history = Array.from({ length: 25 }, (_, i) => release(`1.${30 - i}.0`, i));
    const { reply } = await say("history web in production", { running, history });
    const { rows, buttons, facts } = Listed.parse(reply);
    expect([rows.length, buttons.length, facts]).toEqual([20, 3, ["5 earlier ones left out"]]);
  });

  test("of what was never released says so", async () => {
    expect((await say("history web in staging")).reply).toMatchObject({
      says: "Nothing runs there now. Nothing was released yet.",
      buttons: [],
    });
  });
});

describe("events", () => {
  const event = (says: string, more: object = {}) => ({
    ...{ at: Date.now() - 60_000, bad: false, of: "web-1", says, count: 1 },
    ...more,
  });

  test("are rows, the newest last, and trouble is called so", async () => {
    const events = [event("Pulled the image."), event("Back-off.", { bad: true, count: 7 })];
    expect((await say("events web in production since 4h", { events })).reply).toMatchObject({
      says: "2 in the last 4h, 1 of them trouble.",
      rows: [
        ["60 s ago", "web-1", "Pulled the image.", ""],
        ["60 s ago", "web-1", "Back-off. (7 times)", "trouble"],
      ],
    });
  });
  test("none are said in a sentence with the way to see more", async () => {
    expect((await say("events web in production")).reply).toMatchObject({
      says: "Nothing happened in the last 1h. To look further back: events web in production since 7d.",
      rows: [],
    });
  });
  test("many are cut at the newest, and that is said", async () => {
    const events = Array.from({ length: 40 }, (_, i) => event(`${i}`));
    const { rows, facts } = Listed.parse((await say("events web in staging", { events })).reply);
    expect([rows[0]?.[2], rows.at(-1)?.[2], facts]).toEqual([
      "10",
      "39",
      ["10 earlier ones left out"],
    ]);
  });
});

describe("diff", () => {
  const line = (field: string, value: string, of = "web") => ({ of, field, value });

  test("of two environments shows the services whose versions differ", async () => {
    const running = {
      "staging/web": { version: "1.4.2" },
      "production/web": { version: "1.4.1" },
      "staging/hello": { version: "1.0.0" },
      "production/hello": { version: "1.0.0" },
    };
    expect((await say("diff staging production", { running })).reply).toEqual({
      title: "staging and production",
      columns: ["Service", "staging", "production"],
      rows: [["web", "1.4.2", "1.4.1"]],
      facts: ["1 the same"],
    });
    const alone = { "staging/hello": { version: "1.0.0" } };
    expect((await say("diff between staging and production", { running: alone })).reply).toEqual(
      expect.objectContaining({ rows: [["hello", "1.0.0", "nothing"]] }),
    );
  });
  test("of environments that are alike is one sentence", async () => {
    expect((await say("diff staging production")).reply).toEqual({
      title: "staging and production",
      says: "Every service runs in the same version in staging and production.",
    });
  });
  test("of a service shows a row for each thing that differs, and what one side lacks", async () => {
    const content = {
      "staging/web": [
        line("version", "1.4.2"),
        line("replicas", "1"),
        line("env LOG_LEVEL", "debug"),
      ],
      "production/web": [
        line("version", "1.4.2"),
        line("replicas", "3"),
        line("host", "a", "Ingress web"),
      ],
    };
    expect((await say("diff web staging production", { content })).reply).toEqual({
      title: "web in staging and production",
      columns: ["What", "staging", "production"],
      rows: [
        ["replicas", "1", "3"],
        ["env LOG_LEVEL", "debug", "not set"],
        ["Ingress web host", "not set", "a"],
      ],
      facts: ["1 the same"],
    });
  });
  test("of a service that is alike, or that is not there, is one sentence", async () => {
    const both = [line("version", "1.4.2")];
    const content = { "staging/web": both, "production/web": both };
    expect((await say("diff web staging production", { content })).reply).toMatchObject({
      says: "web is the same in staging and production.",
    });
    expect((await say("diff web staging production")).reply).toEqual({
      title: "web in staging and production",
      says: "Nothing of web runs in staging or production.",
    });
  });
  test("of what does not exist says the nearest that does", async () => {
    expect(await say("diff stagin production")).toMatchObject({
      says: 'No environment "stagin". Did you mean staging?',
    });
  });
});

test("logs of the processes before ask for no time, since they may have ended long ago", async () => {
  const { reply } = await say("logs web in production previous tail=50");
  expect(reply).toMatchObject({
    title: "Logs of web in production, of the processes before",
    lines: { input: { previous: true, tail: 50, follow: false } },
  });
  expect(Object(reply).lines.input).not.toHaveProperty("since");
  expect(Object((await say("logs web in production")).reply).lines.input).toMatchObject({
    ...{ since: "10m", tail: 200 },
  });
});

test("logs hands on a stream with everything that was said", async () => {
  expect((await say("logs web in production since 4h search=error follow")).reply).toMatchObject({
    title: "Logs of web in production",
    lines: {
      kind: "stream",
      op: "clusters.logs",
      input: {
        service: "web",
        environment: "production",
        since: "4h",
        search: "error",
        follow: true,
      },
    },
  });
});

describe("help", () => {
  test("lists every command once, by something one may say, and those for a run last", async () => {
    const { reply } = await say("help");
    const { rows } = z.object({ rows: z.array(z.array(z.string())) }).parse(reply);
    const all = commands.map(({ examples, summary }) => [examples[0], summary]);
    expect(rows).toHaveLength(all.length);
    expect(rows).toEqual(expect.arrayContaining(all));
    expect(rows.map(([says]) => says?.includes(" 41"))).toEqual(
      rows.map((_, i) => i >= rows.findIndex(([says]) => says?.includes(" 41"))),
    );
    expect(rows[0]?.[0]).toBe("deploy web 1.4.2 to production");
  });
  test("of a command says how it is typed and what each part is", async () => {
    expect((await say("help deploy")).reply).toMatchObject({
      title: "deploy",
      fields: { "How to say it": "deploy <service> <version> to <environment>" },
      rows: [
        ["service", "a service", "yes"],
        ["version", "a version", "yes"],
        ["environment", "an environment", "yes"],
      ],
    });
  });
  test("of a slip says the nearest command", async () => {
    expect(await say("help deplyo")).toMatchObject({
      says: 'No command "deplyo". Did you mean deploy? Say help deploy to see more of it.',
    });
  });
  test("of no command says where to look", async () => {
    expect(await say("help nothing")).toMatchObject({
      says: 'No command "nothing". Say help to see what there is.',
    });
  });
});
